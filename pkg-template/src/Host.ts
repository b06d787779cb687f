import type { Connection } from './Connection.js';
import { TextCopy } from './TextCopy.js';
import type { Debug } from './Debug.js';
import type { Driver, DriverHost } from './driver.js';
import type { Frames } from './frames.js';
import { LONGEST } from './limited.js';
import type { Memory } from './memory.js';
import type { WebSocketFactory, WebSocketLike } from './options.js';
import { log, safely } from './safely.js';
import type { Tape } from './Tape.js';

/**
 * The timers there were when this was loaded. Those a test puts in their place tell nothing about how long a network was
 * silent, and one that runs all there are would never end.
 */
const { setTimeout, clearTimeout, performance } = globalThis;

/** The parts of a client the driver calls; they are made after the host, for they need the driver. */
export interface HostParts {
  readonly driver: Pick<Driver, 'receive' | 'timeout' | 'heartbeat'>;
  readonly memory: Memory;
  readonly frames: Frames;
  readonly tape: Tape;
  readonly connection: Connection;
  readonly factory: WebSocketFactory;
  readonly debug: Debug | null;
}

/** A socket with the handlers it is given. */
type Socket = WebSocketLike & Record<'onopen' | 'onerror' | 'onclose' | 'onmessage', unknown>;

/**
 * What the driver calls: it has the socket, the timers and the clock. The driver cannot carry on after an exception, so none leaves
 * this: what went wrong, be it here or in the application's code, is logged.
 */
export class Host implements DriverHost {
  /** The engine holds the host, so what is held here is never collected: only as long as the client is at work. */
  private atWork: HostParts | null = null;
  private idle: WeakRef<HostParts> | null = null;
  private timer: ReturnType<typeof setTimeout> | undefined;
  private heartbeat: ReturnType<typeof setTimeout> | undefined;
  private connection = 0;
  private socket: Socket | null = null;
  /** The promise of the socket, if the factory gave one. */
  private coming: Promise<Socket> | null = null;
  private told = 0;
  private readonly copy = new TextCopy();
  /** Milliseconds the clock was set back so far. */
  setBack = 0;

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

  /** Nothing that is called from now on does anything. */
  end(): void {
    this.close();
    this.await_timeout(-1);
    this.await_heartbeat(-1);
    const nothing = () => 0;
    Object.assign(this, { apply: nothing, open: nothing, send: nothing, socket_event: nothing });
    Object.assign(this, {
      ingest: nothing,
      ingest_more: nothing,
      frame_done: nothing,
      await_timeout: nothing,
      await_heartbeat: nothing,
    });
  }

  /** Copies the first part of a message into memory; the number of bytes, or -1 - n for n bytes and more to come. */
  ingest(data: unknown, pointer: number): number {
    const isFrame = typeof data === 'string' && data.length <= LONGEST_FRAME;
    this.copy.begin(isFrame ? (this.parts.frames.current = data) : '');
    return this.ingest_more(pointer);
  }

  /** Copies the next part. */
  ingest_more(pointer: number): number {
    const written = this.copy.next(this.parts.memory.bytes(), pointer);
    return this.copy.left > 0 ? -1 - written : written;
  }

  left(): number {
    return this.copy.left;
  }

  frame_done(): void {
    this.parts.frames.end();
  }

  open(id: number): boolean {
    const { connection, factory } = this.parts;
    try {
      const made = factory() as Socket | Promise<Socket>;
      this.connection = id;
      if (typeof (made as Promise<Socket> | null)?.then === 'function') void this.adoptLater(made as Promise<Socket>);
      else this.adopt(made as Socket);
      return true;
    } catch (error) {
      this.close();
      connection.blame(error);
      this.socket_event(SOCKET_ERROR, error);
      return false;
    }
  }

  private adopt(socket: Socket): void {
    this.socket = socket;
    this.parts.connection.opened(socket);
    // Of a socket that was given up nothing is heard, whoever still calls its handlers.
    const handler = (kind: number) => (event: unknown) => {
      if (this.socket === socket) this.receive(kind, event);
    };
    // Fails for what is no object, and for one that cannot be listened to.
    socket.onopen = handler(SOCKET_OPEN);
    socket.onerror = handler(SOCKET_ERROR);
    socket.onclose = handler(SOCKET_CLOSE);
    socket.onmessage = handler(MESSAGE);
  }

  private async adoptLater(made: Promise<Socket>): Promise<void> {
    const { connection } = this.parts;
    connection.opened(null);
    this.coming = made;
    try {
      const socket = await made;
      if (this.coming !== made) {
        // It was given up meanwhile. In Node an error that nobody listens to ends the process.
        socket.onerror = () => undefined;
        return void socket.close();
      }
      if (socket.readyState! > OPEN) throw new Error('The socket has closed already');
      this.adopt(socket);
      if (socket.readyState === OPEN) this.receive(SOCKET_OPEN, undefined);
    } catch (error) {
      if (this.coming !== made) return;
      this.close();
      connection.blame(error);
      this.receive(SOCKET_CLOSE, undefined);
    }
  }

  close(): void {
    const { socket } = this;
    this.socket = this.coming = null;
    try {
      // In Node an error that nobody listens to ends the process, and a socket closed while it opens reports one.
      socket!.onopen = socket!.onclose = socket!.onmessage = null;
    } catch {
      // Handlers that cannot be taken off do nothing.
    }
    try {
      socket!.close();
    } catch {
      // Closing one twice, or one that never opened, is no error here.
    }
  }

  send(text: string): void {
    const { connection, debug } = this.parts;
    safely(() => debug?.sent(text));
    const { socket } = this;
    try {
      // What is sent on one that is closing is lost, and browsers would say so on the console.
      if ((socket?.readyState ?? 1) < 2) socket?.send(text);
    } catch (error) {
      safely(() => {
        // One that is closing may refuse it, and then reports that it has closed.
        if (this.socket !== socket || socket!.readyState! > OPEN) return;
        this.close();
        connection.blame(error);
        this.receive(SOCKET_CLOSE, undefined);
      });
    }
  }

  apply(pointer: number, length: number): boolean {
    // Not by `safely`: this is done for every frame.
    try {
      return this.parts.tape.apply(pointer, length);
    } catch (error) {
      log(error);
      return false;
    }
  }

  socket_event(kind: number, event: unknown): boolean {
    let ended = false;
    safely(() => {
      const { connection, debug } = this.parts;
      if (kind === SOCKET_CLOSE) this.close();
      ended = connection.socketEvent(kind, event);
      debug?.tell(SOCKET_EVENTS[kind]!, `ResClient ${SOCKET_EVENTS[kind]}`, event);
    });
    return ended;
  }

  await_timeout(delay: number): void {
    globalThis.clearTimeout(this.timer);
    if (delay < 0) return;
    const due = () => safely(() => (this.atWork ?? this.idle!.deref())?.driver.timeout(delay <= LONGEST));
    this.timer = globalThis.setTimeout(due, Math.min(delay, LONGEST));
  }

  await_heartbeat(delay: number): void {
    clearTimeout(this.heartbeat);
    if (delay < 0) return;
    const due = () => safely(() => this.atWork?.driver.heartbeat());
    this.heartbeat = setTimeout(due, Math.min(delay, LONGEST));
    // In Node it is the socket that keeps the process from ending.
    (this.heartbeat as { unref?(): void }).unref?.();
  }

  /** One that is set back, as by a test, goes on from where it was. */
  now(): number {
    const told = performance.now();
    if (told < this.told) this.setBack += this.told - told;
    this.told = told;
    return told + this.setBack;
  }

  private receive(kind: number, event: unknown): void {
    try {
      const { driver, debug } = this.parts;
      const data = kind === MESSAGE ? dataOf(event) : event;
      if (debug !== null && kind === MESSAGE && typeof data === 'string') debug.received(data);
      if (driver.receive(this.connection, kind, data)) this.frame_done();
    } catch (error) {
      log(error);
    }
  }
}

function dataOf(event: unknown): unknown {
  try {
    return (event as { readonly data?: unknown } | undefined)?.data;
  } catch (error) {
    log(error);
    return undefined;
  }
}

/**
 * UTF-16 units. What is longer is taken for no frame: of resources that are nearly empty the engine makes fifty times the
 * memory of their text, and there is no more than 4 GiB of it.
 */
const LONGEST_FRAME = 0x100_0000;
const SOCKET_OPEN = 0;
const SOCKET_ERROR = 1;
const SOCKET_CLOSE = 2;
const MESSAGE = 3;
/** As the WebSocket standard numbers the states. */
const OPEN = 1;
const SOCKET_EVENTS = ['open', 'error', 'close'];
