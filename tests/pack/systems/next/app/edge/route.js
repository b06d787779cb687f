import ResClient from 'resclient-wasm';

export const runtime = 'edge';

/** Asks a gateway that lives in this function: what runs at the edge may have no sockets, but it has the engine. */
export async function GET() {
  const client = new ResClient(() => {
    const socket = {
      send: (text) => queueMicrotask(() => socket.onmessage({ data: answer(JSON.parse(text)) })),
      close() {},
    };
    queueMicrotask(() => socket.onopen({}));
    return socket;
  });
  const model = await client.get('edge.model');
  return Response.json({ message: model.message });
}

function answer({ id, method }) {
  const result =
    method === 'version' ? { protocol: '1.2.3' } : { models: { 'edge.model': { message: 'at the edge' } } };
  return JSON.stringify({ id, result });
}
