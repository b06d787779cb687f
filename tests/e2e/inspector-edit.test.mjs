import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, suite, test } from 'node:test';
import { Gateway } from './support/gateway.mjs';
import { begin, edit, looksAt, notes, opener, rows, shows, value } from './support/inspector.mjs';
import { stage } from './support/stage.mjs';

/** JSON, since JavaScript does not have all of these. Each is edited as the text beside it. */
const VALUES = {
  aNumber: ['9007199254740993', '9007199254740993'],
  aSmallNumber: ['-9223372036854775808', '-9223372036854775808'],
  aFloat: ['1.0', '1.0'],
  aText: ['"Tea"', 'Tea'],
  aTextWithBreaks: [String.raw`"a\r\nb"`, String.raw`"a\r\nb"`],
  aTextLikeJson: ['"{"', '"{"'],
  aTextLikeANumber: ['" 7"', '" 7"'],
  anEmptyText: ['""', ''],
  anArray: ['{"data":[1]}', '[\n  1\n]'],
  anObject: ['{"data":{"a":9007199254740993}}', '{\n  "a": 9007199254740993\n}'],
  dataInData: ['{"data":{"data":1}}', '{\n  "data": {\n    "data": 1\n  }\n}'],
  ridInData: ['{"data":{"rid":"kept.list"}}', '{\n  "data": {\n    "rid": "kept.list"\n  }\n}'],
  noRidInData: ['{"data":{"rid":7}}', '{\n  "data": {\n    "rid": 7\n  }\n}'],
  actionInData: ['{"data":{"action":"delete"}}', '{\n  "data": {\n    "action": "delete"\n  }\n}'],
  aReference: ['{"rid":"kept.list"}', '{"rid":"kept.list"}'],
  aSoftReference: ['{"rid":"kept.list","soft":true}', '{"rid":"kept.list","soft":true}'],
  nothing: ['null', 'null'],
};
const model = Object.entries(VALUES).map(([name, [json]]) => `${JSON.stringify(name)}:${json}`);
const folder = mkdtempSync(join(tmpdir(), 'inspector-edit-'));
const file = join(folder, 'kept.json');
writeFileSync(
  file,
  `{"kept.values":{${model}},"kept.list":["a","b","c"],"kept.model":{"a":1,"b":2,"c":3},"kept.text":{"text":""}}`,
);

suite('values edited in the page for developers', () => {
  const { gateway, page } = stage({ gateway: new Gateway('--resources', file) });
  const open = opener(page);
  after(() => rmSync(folder, { recursive: true }));

  /** What the service has, as it is written. */
  const served = async (path) => (await fetch(new URL(`api/${path}`, gateway.address))).text();

  const isClosed = (window) => window.until(() => !document.querySelector('td textarea'));

  /** Collects what the page sends from now on. */
  async function sent(window) {
    await window.page.evaluate(() => {
      globalThis.sent = [];
      const { send } = WebSocket.prototype;
      WebSocket.prototype.send = function (text) {
        globalThis.sent.push(text);
        return send.call(this, text);
      };
    });
    return () => window.page.evaluate(() => globalThis.sent);
  }

  test('what is not changed in its field is not sent', async () => {
    const window = await open('kept.values');
    const calls = await sent(window);
    const before = await served('kept/values');
    for (const [name, [, text]] of Object.entries(VALUES)) {
      await begin(window, name);
      assert.equal(await window.page.inputValue('td textarea'), text, name);
      await window.page.keyboard.press('Enter');
      await isClosed(window);
    }
    assert.deepEqual(await calls(), []);
    assert.equal(await served('kept/values'), before);
    assert.equal((await rows(window)).length, Object.keys(VALUES).length);
  });

  test('what is written in a field is read as the value that it was', async () => {
    const window = await open('kept.values');
    const before = await served('kept/values');
    for (const [name, [, text]] of Object.entries(VALUES)) {
      await edit(window, name, 'something else');
      await shows(window, name, '"something else"');
      await begin(window, name);
      await window.page.fill('td textarea', text);
      await window.page.keyboard.press('Enter');
      await isClosed(window);
    }
    assert.equal(await served('kept/values'), before);
    await shows(window, 'aNumber', '9007199254740993');
    await shows(window, 'anObject', '{ "a": 9007199254740993 }');
  });

  test('numbers are sent as they are typed, or not where the browser would round them', async () => {
    const window = await open('kept.model');
    await edit(window, 'a', '9223372036854775807');
    await shows(window, 'a', '9223372036854775807');
    const old = await open('kept.model', { before: () => delete JSON.rawJSON });
    await edit(old, 'b', '{"id": 9007199254740993}');
    await notes(
      old,
      'tbody .note:not(:empty)',
      'This browser cannot tell 9007199254740992 from the numbers beside it, and does not send it.',
    );
    await old.page.keyboard.press('Escape');
    await shows(window, 'b', '2');
    await edit(window, 'a', '1');
    await shows(old, 'a', '1');
  });

  test('what is larger than the gateway takes is not sent, and the connection stays', async () => {
    const window = await open('kept.text');
    const most = Number(await window.page.getAttribute('html', 'data-frame-bytes'));
    assert.equal(most, 65_536);
    const head = JSON.stringify({ id: 4, method: 'call.kept.text.set', params: { text: '' } }).length;
    await begin(window, 'text');
    await window.page.fill('td textarea', 'x'.repeat(most - head + 1));
    await window.page.keyboard.press('Enter');
    await notes(
      window,
      'tbody .note:not(:empty)',
      'This is too large: it takes a message of 65,537 bytes, and the gateway takes 65,536 at most.',
    );
    assert.equal(await window.page.textContent('#state [role="status"]'), 'Live');
    // As much as it takes it gets.
    await window.page.fill('td textarea', 'x'.repeat(most - head));
    await window.page.keyboard.press('Enter');
    await isClosed(window);
    assert.equal((await served('kept/text')).length, most - head + '{"text":""}'.length);
  });

  test('why the gateway has closed the connection is said', async () => {
    const window = await open('kept.text');
    await begin(window, 'text');
    // A fault that no gateway lets pass: a request in binary.
    await window.page.evaluate(() => {
      const { send } = WebSocket.prototype;
      WebSocket.prototype.send = function (text) {
        WebSocket.prototype.send = send;
        this.send(new TextEncoder().encode(text));
      };
    });
    await window.page.keyboard.type('other');
    await window.page.keyboard.press('Enter');
    await notes(
      window,
      'tbody .note:not(:empty)',
      'The gateway has closed the connection: frames must be text (1003).',
    );
    await window.until(() => document.querySelector('#state').dataset.connection === 'connected');
    assert.equal(await window.page.isVisible('#notice'), false);
    await gateway.stop();
    await notes(window, '#notice', 'The gateway has closed the connection: the gateway is going away (1001).');
    assert.equal(await window.page.isVisible('#notice'), true);
    await gateway.start();
    await window.until(() => document.querySelector('#state').dataset.connection === 'connected');
    assert.equal(await window.page.isVisible('#notice'), false);
    const unexpected = window.complaints.filter((text) => !/^WebSocket connection to .* failed/.test(text));
    window.complaints.splice(0, window.complaints.length, ...unexpected);
  });

  test('a script that sends more than the gateway takes is told so by it', async () => {
    const window = await open('kept.text');
    const closed = await window.page.evaluate(async () => {
      const socket = new WebSocket(`ws://${location.host}/`);
      await new Promise((resolve) => socket.addEventListener('open', resolve));
      // More than the buffers on the way hold.
      socket.send('x'.repeat(16 * 1024 * 1024));
      const { code, reason, wasClean } = await new Promise((resolve) => socket.addEventListener('close', resolve));
      return { code, reason, wasClean };
    });
    assert.deepEqual(closed, { code: 1009, reason: 'the message is too big', wasClean: true });
  });

  test('the focus goes to the next row when one is removed, and to the heading after the last', async () => {
    const window = await open('kept.model');
    const focus = (text) =>
      window.until((text) => (document.activeElement.ariaLabel ?? document.activeElement.textContent) === text, text);
    for (const [rid, labels] of [
      ['kept.model', ['Remove a', 'Remove b', 'Remove c']],
      ['kept.list', ['Remove 0', 'Remove 0', 'Remove 0']],
    ]) {
      await window.page.click(`#list >> text="${rid}"`);
      await looksAt(window, rid);
      await window.page.focus(`[aria-label="${labels[0]}"]`);
      for (const [at, label] of labels.entries()) {
        await focus(label);
        await window.page.keyboard.press('Enter');
        await window.until((left) => document.querySelectorAll('tbody tr').length === left, labels.length - at - 1);
      }
      await focus(rid);
    }
  });

  test('whoever types in a row that another removes does not remove the next one', async () => {
    const [one, other] = [await open('kept.values'), await open('kept.values')];
    await begin(one, 'aFloat');
    await value(other, 'aFloat').getByRole('button', { name: 'Remove aFloat' }).click();
    await one.until(() => document.activeElement.id === 'rid');
  });
});
