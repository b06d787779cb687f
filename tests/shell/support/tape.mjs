import { internals } from './internals.mjs';
import { delivered } from './bus.mjs';

export const shell = await internals();

/** Byte offsets in memory: frames, operations, and the record the driver answers `take` with. */
const FRAME = 0;
const TAPE = 128 * 1024;
const RECORD = 192 * 1024;

/** A session without an engine: the test writes the operations the engine would. */
export class Bench {
  memory = new WebAssembly.Memory({ initial: 4 });
  models = new shell.TypeList();
  collections = new shell.TypeList();
  bus = new shell.EventBus();
  /** What was asked of the driver. */
  asked = [];
  /** What went wrong in the application's classes. */
  reports = [];
  /** Resources that can be taken, by handle, and those that have been. */
  records = new Map();
  taken = new Map();
  /** Numbers of members' names. */
  keys = new Set();
  /** Resources that have left the cache. */
  left = new Set();
  words = [];
  text = '';
  client = { connected: false, ws: null, onConnect: null, refused: () => {} };

  constructor({ factory = () => ({}), ...options } = {}) {
    const emitter = new shell.Emitter(this.bus, 'resclient');
    const types = { models: this.models, collections: this.collections };
    const engine = { Driver: driverOf(this), memory: this.memory, hasFailed: false };
    const report = (rid, error) => this.reports.push({ rid, message: error.message });
    this.session = new shell.Session(this.client, emitter, shell.readOptions(options), types, factory, engine, report);
  }

  /** A frame comes in. */
  frame(message) {
    this.text = typeof message === 'string' ? message : JSON.stringify(message);
    return this.host.ingest(this.text, FRAME);
  }

  /** The span of a piece of the frame. */
  span(piece) {
    const start = this.text.indexOf(piece);
    if (start < 0) throw new Error(`${piece} is not in the frame`);
    return [start, start + piece.length];
  }

  op(...words) {
    this.words.push(...words);
    return this;
  }

  /** Resources leave the cache. */
  drop(...handles) {
    for (const handle of handles) this.left.add(handle);
    return this.op(10, handles.length, ...handles);
  }

  /** Number `key` stands for a member name. */
  key(key, name) {
    this.keys.add(key);
    return this.op(3, key, ...this.span(JSON.stringify(name)));
  }

  /**
   * Members of a model are given values: each the number of its name, the words of its value, and whether that is known to be
   * another value than before.
   */
  change(handle, ...members) {
    const words = members.flatMap(([key, value, known = true]) => [key * 2 + (known ? 1 : 0), ...value]);
    return this.op(5, handle, members.length, ...words);
  }

  value(tag, piece, reference = 0) {
    return [tag, ...(piece === undefined ? [0, 0] : this.span(piece)), reference];
  }

  /** Has the operations written so far carried out; whether what leaves by them was let go of. */
  apply() {
    new Uint32Array(this.memory.buffer, TAPE).set(this.words);
    const { length } = this.words;
    this.words = [];
    return this.host.apply(TAPE, length);
  }

  /** The words of a resource of the present frame: `references` are pairs, or handles when there is nothing else. */
  record(handle, kind, rid, json, references = [], only = false) {
    const rest = only ? references : references.flat();
    return [
      handle,
      kind,
      THIS,
      ...this.span(JSON.stringify(rid)),
      ...this.span(json),
      +only,
      references.length,
      ...rest,
    ];
  }

  /** A resource is loaded, and may be taken as long as the frame is retained under this number. */
  load(frame, ...args) {
    const record = this.record(...args);
    record[2] = frame;
    this.records.set(args[0], record);
    this.left.delete(args[0]);
  }

  /** A record as the driver hands it out, after which it has none. */
  take(handle) {
    const record = this.records.get(handle);
    if (!record) return undefined;
    this.records.delete(handle);
    this.taken.set(handle, record);
    return record;
  }

  /** What the driver answers `remains` with. */
  remains(roots) {
    const [todo, seen, others, records] = [[...roots], new Set(roots), [], []];
    for (const handle of todo) {
      const record = this.take(handle);
      records.push(...(record ?? []));
      for (const target of references(record ?? this.taken.get(handle))) {
        if (seen.has(target)) continue;
        seen.add(target);
        (this.left.has(target) && this.records.has(target) ? todo : others).push(target);
      }
    }
    // Frames and names may be there more than once, and here are all there may be.
    const [frames, names] = [[1, 2, 1], [...this.keys]];
    const lists = [others, frames, names].flatMap((list) => [list.length, ...list]);
    return [1 + lists.length + records.length, ...lists, ...records];
  }

  object(handle) {
    return this.session.resources.object(handle);
  }

  /** Records the events of an object. */
  listen(item, events = null) {
    const log = [];
    const namespace = `resclient.resource.${item.getResourceId()}`;
    this.bus.on(item, events, (data, target, event, action) => log.push({ data, target, event, action }), namespace);
    return log;
  }

  delivered() {
    return delivered(this.bus);
  }
}

/** The resources that a record refers to. */
const references = (record) => record.slice(9).filter((_, i) => record[7] === 1 || i % 2 === 1);

function driverOf(bench) {
  /** Memory that grows empties every view of it: as unpleasant as the real one may be. */
  const answer = (words) => {
    if (!words) return 0;
    bench.memory.grow(1);
    new Uint32Array(bench.memory.buffer, RECORD).set(words);
    return RECORD;
  };
  class Driver {
    constructor(host) {
      bench.host = host;
    }

    hold() {
      return false;
    }

    take(handle) {
      bench.asked.push(['take', handle]);
      return answer(bench.take(handle));
    }

    take_all(handles) {
      bench.asked.push(...Array.from(handles, (handle) => ['take', handle]));
      const records = Array.from(handles, (handle) => bench.take(handle) ?? []).flat();
      return answer([1 + records.length, ...records]);
    }

    remains(handles) {
      bench.asked.push(['remains', ...handles]);
      return answer(bench.remains(handles));
    }
  }
  for (const name of ['connect', 'disconnect', 'hook_done', 'listen', 'unlisten']) {
    Driver.prototype[name] = (...args) => bench.asked.push([name, ...args]);
  }
  return Driver;
}

export const MODEL = 1;
export const COLLECTION = 2;
export const ERROR = 3;
const THIS = 0xffff_ffff;
