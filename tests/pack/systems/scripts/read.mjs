import ResClient from 'resclient-wasm';

// A runtime that has no WebSocket of its own is given one.
const Socket = globalThis.WebSocket ?? (await import('ws')).WebSocket;
const [, , address, text] = globalThis.process.argv;
const client = new ResClient(() => new Socket(address));
const model = await client.get('pack.model');
const changed = new Promise((resolve) => model.on('change', resolve));
const before = model.message;
await model.set({ message: text });
await changed;
console.log(JSON.stringify({ before: typeof before, after: model.message }));
client.disconnect();
globalThis.process.exit(0);
