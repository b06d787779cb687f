/** A store of Svelte, by its contract, which others keep as well. */
export interface Readable<T> {
  /** Calls `run` with the value, and with every other, until the function that is returned is called. */
  subscribe(run: (value: T) => void): () => void;
}
