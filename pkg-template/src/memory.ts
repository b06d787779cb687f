/** Views of linear memory. Growing the memory empties every view of it, so a view is asked for on every use. */
export class Memory {
  private words32: Uint32Array;
  private bytes8: Uint8Array;

  constructor(private readonly memory: WebAssembly.Memory) {
    this.words32 = new Uint32Array(memory.buffer);
    this.bytes8 = new Uint8Array(memory.buffer);
  }

  words(): Uint32Array {
    if (this.words32.length === 0) this.words32 = new Uint32Array(this.memory.buffer);
    return this.words32;
  }

  /** A copy of as many words as the first says. */
  copy(pointer: number): Uint32Array {
    const words = this.words();
    const first = pointer >>> 2;
    return words.slice(first, first + words[first]!);
  }

  bytes(): Uint8Array {
    if (this.bytes8.length === 0) this.bytes8 = new Uint8Array(this.memory.buffer);
    return this.bytes8;
  }
}
