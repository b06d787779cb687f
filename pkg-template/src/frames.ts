/** The texts spans refer to: that of the current frame, and those of earlier frames that hold unread resources. */
export class Frames {
  current = '';
  private readonly retained = new Map<number, string>();
  /** Frames are numbered in the order in which they come. */
  private latest = -1;

  /** The current frame is dealt with: of its text nothing is needed but what is retained. */
  end(): void {
    this.current = '';
  }

  retain(frame: number): void {
    this.retained.set(frame, this.current);
    this.latest = frame;
  }

  release(frame: number): void {
    this.retained.delete(frame);
  }

  text(frame: number): string {
    // What a frame brings may be read, because something changes to it, before the frame is known to be retained.
    const text = frame === CURRENT_FRAME || frame > this.latest ? this.current : this.retained.get(frame);
    if (!text) throw new Error(`resclient-wasm: frame ${frame} is not retained`);
    return text;
  }
}

const CURRENT_FRAME = 0xffff_ffff;
