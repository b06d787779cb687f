import { load } from './load.js';
import { LIST, event, readModel, verifyEqual } from './data.js';

/** What is held until the next stage, so that what it takes can be measured from outside. */
let held = {};

/** Goes on to a stage; nothing but what the client holds is left behind. */
export const STAGES = {
  async loaded(connect) {
    const session = await connect();
    held = { session, collection: await load(session) };
    verifyEqual(held.collection.length, 10_000, 'the length of the collection');
  },

  read() {
    let sum = 0;
    for (const book of held.collection) sum += readModel(book);
    verifyEqual(sum > 0, true, 'that members were read');
  },

  released() {
    held.session.gateway.deliver(event(LIST, 'unsubscribe', { reason: { code: 'system.accessDenied', message: '' } }));
    held = { session: held.session };
  },
};

/** Bytes of WebAssembly's memories, as far as they have grown. */
export const wasmBytes = () => memories.reduce((sum, memory) => sum + memory.buffer.byteLength, 0);

const memories = [];

/** To be called before the client is loaded: notes the memories that modules export. */
export function watchMemories() {
  const { Instance } = WebAssembly;
  WebAssembly.Instance = class extends Instance {
    constructor(...args) {
      super(...args);
      memories.push(...Object.values(this.exports).filter((value) => value instanceof WebAssembly.Memory));
    }
  };
}
