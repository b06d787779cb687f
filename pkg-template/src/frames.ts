/** The texts spans refer to: that of the current frame, and those of earlier frames that hold unread resources. */
export class Frames {
  current = '';
  private readonly retained = new Map<number, string>();

  retain(frame: number): void {
    this.retained.set(frame, this.current);
  }

  release(frame: number): void {
    this.retained.delete(frame);
  }

  text(frame: number): string {
    if (frame === CURRENT_FRAME) return this.current;
    const text = this.retained.get(frame);
    if (text === undefined) throw new Error(`resclient-wasm: frame ${frame} is not retained`);
    return text;
  }
}

const CURRENT_FRAME = 0xffff_ffff;
