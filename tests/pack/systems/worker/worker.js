import ResClient from 'resclient-wasm';

export default {
  /** Asks the gateway that the request names. */
  async fetch(request) {
    const client = new ResClient(new URL(request.url).searchParams.get('gateway'));
    const model = await client.get('pack.model');
    const { message } = model;
    client.disconnect();
    return Response.json({ message });
  },
};
