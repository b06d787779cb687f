import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { gateway as built, root } from '../../scripts/lib/places.mjs';
import { converse } from './resgate/conversation.mjs';
import { Recorder } from './resgate/recorder.mjs';
import { busMessages, clientFrames, differences } from './resgate/transcript.mjs';
import { Gateway } from './support/gateway.mjs';
import { NatsServer } from './support/nats-server.mjs';
import { Service } from './support/service.mjs';

// The conversation recorded with Resgate 1.8.0, held again with this gateway over NATS and the same service.

const deviations = JSON.parse(readFileSync(join(root, 'tests/services/resgate/deviations.json'), 'utf8'));
/** Waiting for what never comes must end. */
const TOO_LONG = { timeout: 120_000 };
const nats = new NatsServer();
const binary = process.env.RES_GATEWAY || built;
const gateway = new Gateway((port) => [binary, ['--nats', nats.url, '--port', port]]);
const fixture = () => new Service(nats, [process.execPath, join(root, 'tests/services/resgate/fixture-service.mjs')]);
let service;
let ours;
let theirs;

before(async () => {
  await nats.start();
  service = fixture();
  await service.start();
  await gateway.start();
  const recorder = await Recorder.start({ webSocket: gateway.webSocket, nats: nats.url });
  await converse(recorder);
  await recorder.stop();
  ours = recorder.lines;
  const recording = readFileSync(join(root, 'tests/fixtures/resgate-1.8.0.jsonl'), 'utf8');
  theirs = recording
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line));
}, TOO_LONG);

after(async () => {
  await gateway.stop();
  await service.kill();
  await nats.stop();
});

test('clients are sent the frames that Resgate sent', () => {
  const found = differences(clientFrames(theirs), clientFrames(ours), deviations.clients);
  assert.equal(found.length, 0, `${found.length} differences:\n${found.join('\n')}`);
});

test('services are asked on NATS what Resgate asked', () => {
  const found = differences(busMessages(theirs), busMessages(ours), deviations.bus);
  assert.equal(found.length, 0, `${found.length} differences:\n${found.join('\n')}`);
});
