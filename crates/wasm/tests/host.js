// A shell for the driver's tests: keeps the frame text and the operations, and has sockets that a test plays the
// gateway of.

const encoder = new TextEncoder();
/** UTF-16 units the driver has room for. */
const PART = 0x8000;

/** How many words follow each operation's number; TOUCH, CHANGE, DROP and LOADED say it themselves. */
const LENGTHS = {
  1: 1,
  2: 1,
  3: 3,
  6: 6,
  7: 2,
  8: 5,
  9: 3,
  11: 1,
  12: 4,
  13: 3,
  14: 0,
  15: 0,
  16: 0,
  17: 1,
  18: 4,
  20: 2,
};
const NAMES = [
  '',
  'retain',
  'release',
  'key',
  'touch',
  'change',
  'insert',
  'remove',
  'event',
  'unsubscribed',
  'drop',
  'replaced',
  'settled',
  'state',
  'hook',
  'connected',
  'disconnected',
  'connect failed',
  'refused',
  'loaded',
  'handshake refused',
];

export class TestHost {
  constructor(memory, kind) {
    this.memory = memory;
    this.kind = kind;
    this.text = '';
    this.log = [];
    this.sent = [];
    this.sockets = [];
    this.waiters = [];
    this.driver = undefined;
    this.ingested = 0;
  }

  ingest(data, pointer) {
    this.ingested++;
    this.rest = '';
    if (typeof data !== 'string') return 0;
    this.rest = this.text = data;
    return this.ingest_more(pointer);
  }

  ingest_more(pointer) {
    const part = this.rest.slice(0, PART);
    const { read, written } = encoder.encodeInto(part, new Uint8Array(this.memory.buffer, pointer, part.length * 3));
    this.rest = this.rest.slice(read);
    return this.rest === '' ? written : -1 - written;
  }

  left() {
    return this.rest.length;
  }

  frame_done() {
    this.rest = '';
  }

  open(connection) {
    if (this.kind === 'throwing') return false;
    const socket = this.kind === 'closed port' ? new WebSocket('ws://127.0.0.1:59999') : new TestSocket(this);
    this.sockets.push(socket);
    ['onopen', 'onerror', 'onclose'].forEach((name, kind) => {
      socket[name] = (event) => this.driver.receive(connection, kind, event);
    });
    socket.onmessage = ({ data }) => this.driver.receive(connection, 3, data);
    return true;
  }

  close() {
    const { socket } = this;
    socket.onopen = socket.onerror = socket.onclose = socket.onmessage = null;
    socket.close();
  }

  send(text) {
    this.socket.send(text);
  }

  apply(pointer, length) {
    const words = new Uint32Array(this.memory.buffer, pointer, length).slice();
    for (let at = 0; at < words.length;) {
      const op = words[at++];
      let count = LENGTHS[op];
      if (op === 4) count = 9 + words[at + 8] * (words[at + 7] ? 1 : 2);
      if (op === 5) count = 2 + words[at + 1] * 5;
      if (op === 10 || op === 19) count = 1 + words[at];
      if (count === undefined) throw new Error(`unknown operation ${op}`);
      this.log.push([NAMES[op], ...words.subarray(at, at + count)].join(' '));
      at += count;
      if (op === 14) this.driver.hook_done(true);
    }
    this.wake();
    return true;
  }

  socket_event(kind) {
    this.log.push(`socket ${['open', 'error', 'close'][kind]}`);
    if (kind === 2) this.close();
    this.wake();
    return kind === 2 && this.kind === 'final';
  }

  await_timeout(delay) {
    clearTimeout(this.timeout);
    if (delay >= 0) this.timeout = setTimeout(() => this.driver.timeout(true), delay);
  }

  await_heartbeat(delay) {
    clearTimeout(this.heartbeat);
    if (delay >= 0) this.heartbeat = setTimeout(() => this.driver.heartbeat(), delay);
  }

  now() {
    return performance.now();
  }

  /** Resolves when an entry of the log begins with `start`, or a sent frame contains it. */
  until(start) {
    return new Promise((resolve) => {
      this.waiters.push({ start, resolve });
      this.wake();
    });
  }

  wake() {
    const seen = ({ start }) => this.has(start);
    this.waiters.filter(seen).forEach(({ resolve }) => resolve());
    this.waiters = this.waiters.filter((waiter) => !seen(waiter));
  }

  has(start) {
    return this.log.some((entry) => entry.startsWith(start)) || this.frames().includes(start);
  }

  frames() {
    return this.sockets.flatMap((socket) => socket.frames ?? []).join('\n');
  }

  attach(driver) {
    this.driver = driver;
  }

  /** The socket opened last. */
  get socket() {
    return this.sockets[this.sockets.length - 1];
  }

  /** Opens the socket and answers the version request. */
  handshake() {
    this.socket.onopen({});
    if (this.kind !== 'answering') this.answer('"result":{"protocol":"1.2.3"}');
  }

  /** Answers the last request. */
  answer(body) {
    const { id } = JSON.parse(this.socket.frames.at(-1));
    this.receive(`{${body},"id":${id}}`);
  }

  receive(data) {
    this.socket.onmessage({ data });
  }

  receiveBinary() {
    this.socket.onmessage({ data: new ArrayBuffer(8) });
  }

  lose(index) {
    this.sockets[index].onclose?.({ code: 1006 });
  }

  isDetached(index) {
    return this.sockets[index].onmessage == null;
  }

  /** The words behind an address, and the text from one of them to the next. */
  recordText(address, at) {
    const words = new Uint32Array(this.memory.buffer, address, at + 2);
    return this.text.substring(words[at], words[at + 1]);
  }

  logText() {
    return this.log.join('\n');
  }
}

/** A socket whose gateway is the test; kind "answering" answers from inside `send`. */
class TestSocket {
  constructor(host) {
    this.host = host;
    this.frames = [];
  }

  send(text) {
    this.frames.push(text);
    if (this.host.kind === 'answering') {
      const { id, method } = JSON.parse(text);
      const result =
        method === 'version'
          ? { protocol: '1.2.3' }
          : { models: { [method.slice('subscribe.'.length)]: { message: 'here' } } };
      this.onmessage({ data: JSON.stringify({ result, id }) });
    }
    this.host.wake();
  }

  close() {
    this.closed = true;
  }
}
