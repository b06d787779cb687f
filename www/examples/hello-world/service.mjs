import { connect } from 'nats';

const nats = await connect({ servers: process.env.NATS_URL ?? 'nats://127.0.0.1:4222', maxReconnectAttempts: -1 });

const answer = (subject, result) =>
  nats.subscribe(subject, { callback: (_error, request) => request.respond(JSON.stringify({ result })) });

answer('get.example.model', { model: { message: 'Hello, World!' } });
answer('access.example.model', { get: true });

// The service is there (again): whoever has something of it fetches it anew.
const reset = () => nats.publish('system.reset', JSON.stringify({ resources: ['example.>'], access: ['example.>'] }));
reset();
for await (const { type } of nats.status()) if (type === 'reconnect') reset();
