import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { connect } from 'nats';
import { emit, invalidParams, reset, serve } from '../serve.mjs';

const LONGEST = 1000;

const nats = await connect({ servers: process.env.NATS_URL ?? 'nats://127.0.0.1:4222', maxReconnectAttempts: -1 });

// With a file as its argument, the text outlives the service.
const [, , file] = process.argv;
const shared = file && existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')) : { message: 'Edit me!' };

serve(nats, 'access.text.shared', () => ({ result: { get: true, call: 'set' } }));

serve(nats, 'get.text.shared', () => ({ result: { model: shared } }));

serve(nats, 'call.text.shared.set', ({ params }) => {
  const message = params?.message;
  if (typeof message !== 'string' || message.length > LONGEST) {
    throw invalidParams(`message must be a text of at most ${LONGEST} characters`);
  }
  if (message !== shared.message) {
    shared.message = message;
    if (file) writeFileSync(file, JSON.stringify(shared));
    // Every change is told of, by an event that leaves before the answer.
    emit(nats, 'text.shared', 'change', { values: { message } });
  }
  return { result: null };
});

reset(nats, 'text.>');
