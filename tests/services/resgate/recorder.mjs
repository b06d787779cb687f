import { connect } from 'nats';
import WebSocket from 'ws';

const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

/** Records what passes between clients, gateway and bus: lines as those of the recording of Resgate. */
export class Recorder {
  lines = [];
  #section = '';
  #moved = 0;
  #webSocket;
  #nats;

  static async start({ webSocket, nats }) {
    const recorder = new Recorder();
    recorder.#webSocket = webSocket;
    recorder.#nats = await connect({ servers: nats, name: 'recorder' });
    for (const subject of SUBJECTS)
      recorder.#nats.subscribe(subject, { callback: (_, message) => recorder.#tap(message) });
    await recorder.#nats.flush();
    return recorder;
  }

  async stop() {
    await this.#nats.close();
  }

  add(line) {
    this.#moved = performance.now();
    this.lines.push({ sec: this.#section, ...line });
  }

  async section(name, body) {
    this.#section = name;
    await body();
    await this.settle();
  }

  /** Waits until nothing has passed anywhere for so many milliseconds. */
  async settle(ms = 60) {
    do await sleep(15);
    while (performance.now() - this.#moved < ms);
  }

  /** Opens a client that speaks `version`, or says nothing about it. */
  async connect(name, version = '1.2.3') {
    const client = new Client(this, name);
    await client.open(this.#webSocket);
    if (version) await client.req('version', { protocol: version });
    return client;
  }

  #tap({ subject, reply, data }) {
    const text = new TextDecoder().decode(data);
    this.add({ dir: 'nats', subj: subject, reply: reply || undefined, ...parsed(text, 'payload') });
  }
}

class Client {
  /** Whether its frames are recorded. */
  isRecorded = true;
  #recorder;
  #name;
  #socket;
  #id = 0;
  #pending = new Map();
  #expected = new Map();

  constructor(recorder, name) {
    this.#recorder = recorder;
    this.#name = name;
  }

  async open(url) {
    this.#socket = new WebSocket(url, { perMessageDeflate: false });
    this.#socket.on('message', (data) => this.#receive(String(data)));
    this.#socket.on('close', (code) => {
      this.#add({ dir: 'close', code });
      for (const resolve of this.#pending.values()) resolve();
      this.#pending.clear();
    });
    await new Promise((resolve, reject) => this.#socket.once('open', resolve).once('error', reject));
    this.#add({ dir: 'open' });
  }

  /** Sends a request and waits for its answer, or the end of the connection. */
  req(method, params) {
    const frame = { id: ++this.#id, method, ...(params === undefined ? {} : { params }) };
    return new Promise((resolve) => {
      this.#pending.set(frame.id, resolve);
      if (this.#socket.readyState !== WebSocket.OPEN) resolve();
      this.#add({ dir: 'c>g', frame });
      this.#socket.send(JSON.stringify(frame));
    });
  }

  /** Waits for an event, such as `fix.model.change`. */
  event(name) {
    return new Promise((resolve) => this.#expected.set(name, resolve));
  }

  ctl(operation, params) {
    return this.req(`call.fix.ctl.${operation}`, params);
  }

  raw(data, options = {}) {
    this.#add({ dir: 'c>g', raw: String(data) });
    this.#socket.send(data, options);
  }

  async close() {
    if (this.#socket.readyState === WebSocket.CLOSED) return;
    const closed = new Promise((resolve) => this.#socket.once('close', resolve));
    this.#socket.close();
    await closed;
  }

  #receive(text) {
    const line = parsed(text, 'frame');
    this.#add({ dir: 'g>c', ...line });
    this.#expected.get(line.frame?.event)?.();
    this.#pending.get(line.frame?.id)?.();
    this.#pending.delete(line.frame?.id);
  }

  #add(line) {
    if (this.isRecorded) this.#recorder.add({ conn: this.#name, ...line });
  }
}

/** As JSON under `name`, or as it is. */
function parsed(text, name) {
  try {
    return { [name]: JSON.parse(text) };
  } catch {
    return { raw: text };
  }
}

/** Not `>`: whoever listens to everything answers for services that are not there. */
const SUBJECTS = [
  ...['access', 'get', 'call', 'auth', 'event'].map((kind) => `${kind}.fix.>`),
  ...['access', 'get', 'call'].map((kind) => `${kind}.fixlegacy.>`),
  ...['conn.>', 'system.>', '_FIXQ.>', '_INBOX.>'],
];
