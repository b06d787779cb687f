import type { Connection } from './Connection.js';
import type { Debug } from './Debug.js';
import type { Driver, DriverHost } from './driver.js';
import type { Frames } from './frames.js';
import { LONGEST } from './limited.js';
import type { Memory } from './memory.js';
import type { WebSocketFactory } from './options.js';
import { safely } from './safely.js';
import type { Tape } from './Tape.js';

/**
 * The timers there were when this was loaded. Those a test puts in their place tell nothing about how long a network was
 * silent, and one that runs all there are would never end.
 */
const { setTimeout, clearTimeout } = globalThis;

/** The parts of a client the driver calls; they are made after the host, for they need the driver. */
export interface HostParts {
  readonly driver: Pick<Driver, 'heartbeat'>;
  readonly memory: Memory;
  readonly frames: Frames;
  readonly tape: Tape;
  readonly connection: Connection;
  readonly factory: WebSocketFactory;
  readonly debug: Debug | null;
}

/**
 * What the driver calls. The driver cannot carry on after an exception, so but for `open` none leaves this: what went
 * wrong, be it here or in the application's code, is logged.
 */
export class Host implements DriverHost {
  /** The engine holds the host, so what is held here is never collected: only as long as the client is at work. */
  private atWork: HostParts | null = null;
  private idle: WeakRef<HostParts> | null = null;
  private readonly encoder = new TextEncoder();
  private heartbeat: ReturnType<typeof setTimeout> | undefined;

  /** The parts belong to the client, and so do not outlive it when they are not {@link hold held}. */
  attach(parts: HostParts): void {
    this.idle = new WeakRef(parts);
  }

  /** Whether the client has to be kept although nobody may hold it: it is connected, or is to be again. */
  hold(atWork: boolean): void {
    this.atWork = atWork ? this.parts : null;
  }

  /** Whatever calls the driver, and so causes it to call back, is called by a client that is there. */
  private get parts(): HostParts {
    return this.atWork ?? this.idle!.deref()!;
  }

  /** Copies the frame of a message event into memory; see the driver for what the answer means. */
  ingest(event: { readonly data: unknown }, pointer: number, capacity: number): number {
    const data = dataOf(event);
    if (typeof data !== 'string') return NOT_TEXT;
    const { frames, memory, debug } = this.parts;
    frames.current = data;
    const written = this.copy(data, memory.bytes(), pointer, capacity);
    if (debug !== null && written >= 0) safely(() => debug.received(data));
    return written;
  }

  open(): object {
    const { connection, factory } = this.parts;
    try {
      const socket = factory();
      // Fails for what is no object, and for one that cannot be listened to.
      (socket as { onmessage: unknown }).onmessage = null;
      connection.opened(socket);
      return socket;
    } catch (error) {
      connection.blame(error);
      throw error;
    }
  }

  apply(pointer: number, length: number): void {
    this.parts.tape.apply(pointer, length);
  }

  socket_event(kind: number, event: unknown): boolean {
    let ended = false;
    safely(() => {
      const { connection, debug } = this.parts;
      ended = connection.socketEvent(kind, event);
      debug?.tell(SOCKET_EVENTS[kind]!, `ResClient ${SOCKET_EVENTS[kind]}`, event);
    });
    return ended;
  }

  await_heartbeat(delay: number): void {
    clearTimeout(this.heartbeat);
    if (delay < 0) return;
    this.heartbeat = setTimeout(() => this.atWork?.driver.heartbeat(), Math.min(delay, LONGEST));
    // In Node it is the socket that keeps the process from ending.
    (this.heartbeat as { unref?(): void }).unref?.();
  }

  sent(text: string): void {
    safely(() => this.parts.debug?.sent(text));
  }

  private copy(text: string, bytes: Uint8Array, pointer: number, capacity: number): number {
    const { length } = text;
    if (length > capacity) return -length - 1;
    if (length < SHORT) {
      let i = 0;
      for (; i < length; i++) {
        const unit = text.charCodeAt(i);
        if (unit > 0x7f) break;
        bytes[pointer + i] = unit;
      }
      if (i === length) return length;
    }
    let target = pointer;
    for (let from = 0; from < length;) {
      const piece = windowOf(text, from);
      const { read, written } = this.encoder.encodeInto(piece, bytes.subarray(target, pointer + capacity));
      target += written;
      from += read;
      // What is left takes at most three bytes for each of its units.
      if (read < piece.length) return -(target - pointer + (length - from) * 3) - 1;
    }
    return target - pointer;
  }
}

function dataOf(event: { readonly data: unknown } | undefined): unknown {
  try {
    return event?.data;
  } catch (error) {
    console.error(error);
    return undefined;
  }
}

/**
 * The next part of a text to be encoded, the whole if it is small. A browser may make a copy of what it is to encode, and
 * the copy of a large frame would be memory never touched before. Two halves of a character are not parted.
 */
function windowOf(text: string, from: number): string {
  if (text.length <= WINDOW) return text;
  const end = from + WINDOW;
  const parted = (text.charCodeAt(end - 1) & 0xfc00) === 0xd800;
  return text.substring(from, parted ? end - 1 : end);
}

const NOT_TEXT = -1;
/** Below this a loop beats the encoder, as long as all is ASCII. */
const SHORT = 200;
/** UTF-16 units encoded at a time. */
const WINDOW = 0x8000;
const SOCKET_EVENTS = ['open', 'error', 'close'];
