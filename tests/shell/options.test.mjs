import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ResClient } from './support/client.mjs';
import { internals } from './support/internals.mjs';

const { readOptions } = await internals();
const DELAYS = {
  reconnectDelay: 500,
  reconnectDelayMax: 30000,
  handshakeTimeout: 20000,
  subscribeStaleDelay: 2000,
  subscribeRetryDelay: 10000,
  unsubscribeDelay: 5000,
};

test('delays have defaults, may be 0 or a fraction, and may be written as strings', () => {
  for (const [name, byDefault] of Object.entries(DELAYS)) {
    assert.equal(readOptions()[name], byDefault);
    assert.equal(readOptions({ [name]: undefined })[name], byDefault);
    for (const given of [0, 0.5, 7, '0', '250']) assert.equal(readOptions({ [name]: given })[name], Number(given));
  }
});

test('a delay that is negative or not finite is refused with what it should be', () => {
  for (const name of Object.keys(DELAYS)) {
    for (const given of [-1, NaN, Infinity, -Infinity, '-1', 'Infinity']) {
      const message = `Not a finite number of milliseconds, 0 or more: option ${name}`;
      assert.throws(() => readOptions({ [name]: given }), { message });
      assert.throws(() => new ResClient('ws://localhost', { [name]: given }), { message });
    }
    assert.throws(() => readOptions({ [name]: 'soon' }), { message: `Not a number format: option ${name}` });
    assert.throws(() => readOptions({ [name]: null }), { message: `Not a number: option ${name}` });
  }
});
