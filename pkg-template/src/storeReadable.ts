import type { Readable } from './Readable.js';

/**
 * A store of Svelte that has the snapshots of another. A server subscribes only to look, and has left by the next microtask: nothing
 * is asked for it.
 */
export function storeReadable<S>(store: { subscribe(changed: () => void): () => void; getSnapshot(): S }): Readable<S> {
  const subscribe = (run: (value: S) => void) => {
    let last = store.getSnapshot();
    let stop: (() => void) | null | undefined;
    const show = () => {
      const value = store.getSnapshot();
      if (stop === null || value === last) return;
      run((last = value));
    };
    run(last);
    queueMicrotask(() => {
      if (stop === null) return;
      stop = store.subscribe(show);
      show();
    });
    return () => {
      stop?.();
      stop = null;
    };
  };
  return { subscribe };
}
