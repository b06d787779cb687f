import assert from 'node:assert/strict';
import { setTimeout as pause } from 'node:timers/promises';
import { isDeepStrictEqual } from 'node:util';
import { until } from '../../services/support/until.mjs';

/** A tab with the page of these tests, `pages/follow.html`, which follows the books and the text of the demo. */
export class Follower {
  page;
  complaints = [];
  #cdp;

  /** `options` are those of the client; all of them numbers. */
  static async open(context, address, options = {}) {
    const follower = new Follower();
    follower.page = await context.newPage();
    follower.#cdp = await context.newCDPSession(follower.page);
    follower.page.on('pageerror', (error) => follower.complaints.push(error.message));
    follower.page.on('console', (message) => {
      if (['error', 'warning'].includes(message.type())) follower.complaints.push(message.text());
    });
    await follower.page.addInitScript(watchMemory);
    await follower.page.goto(`${address}e2e/follow.html?${new URLSearchParams(options)}`);
    await follower.until(() => globalThis.page);
    return follower;
  }

  /** Waits until a function is true in the page, though nothing may run there by itself. */
  until(condition, argument) {
    return until(() => this.page.evaluate(condition, argument), PATIENCE);
  }

  values() {
    return this.page.evaluate(() => globalThis.page.values());
  }

  state() {
    return this.page.evaluate(() => globalThis.page.state);
  }

  connects() {
    return this.page.evaluate(() => globalThis.page.connects);
  }

  ask(every = 50) {
    return this.page.evaluate((every) => globalThis.page.ask(every), every);
  }

  /** Waits until it is hidden, by another tab in front of it. */
  hidden() {
    return this.until(() => document.visibilityState === 'hidden');
  }

  /** Waits until the browser has a timer that is due at once wait for so many milliseconds, or more. */
  async slowedDownTo(delay) {
    await this.page.evaluate(() => {
      const tick = () => {
        globalThis.ticked = performance.now();
        setTimeout(tick);
      };
      tick();
    });
    await this.until((delay) => performance.now() - globalThis.ticked > delay, delay);
  }

  /** Lets nothing run in the page for so many milliseconds from now on. */
  block(time) {
    return this.page.evaluate((time) => {
      setTimeout(() => {
        for (const end = performance.now() + time; performance.now() < end;);
      });
    }, time);
  }

  /** Has it follow the books and the text once more. */
  follow() {
    return this.page.evaluate(() => globalThis.page.follow());
  }

  /**
   * Has it let go of everything, and gives the bytes that are held then: by the engine, and by JavaScript, with and without the code
   * that the browser goes on compiling for as long as a page runs.
   */
  async released() {
    await this.page.evaluate(() => globalThis.page.release());
    await this.until(() => globalThis.page.state === 'closed');
    const engine = await this.page.evaluate(() => globalThis.memory.buffer.byteLength);
    return { engine, ...held(await this.#heap()) };
  }

  /** Everything that JavaScript holds, after what is not held was collected. */
  async #heap() {
    const parts = [];
    const add = ({ chunk }) => parts.push(chunk);
    this.#cdp.on('HeapProfiler.addHeapSnapshotChunk', add);
    // It collects before it looks; the second time also what finalizers have let go of.
    await this.send('HeapProfiler.collectGarbage');
    await this.send('HeapProfiler.takeHeapSnapshot', { reportProgress: false });
    this.#cdp.off('HeapProfiler.addHeapSnapshotChunk', add);
    return JSON.parse(parts.join(''));
  }

  /** Sends a command of the protocol of Chromium's tools. */
  send(method, params) {
    return this.#cdp.send(method, params);
  }

  /**
   * Waits until the page shows what the service has, and all that was asked for is answered; then what its handlers were told has to
   * come to the same.
   */
  async agreesWith(service) {
    await this.page.evaluate(() => globalThis.page.askNoMore());
    const open = () => this.page.evaluate(() => globalThis.page.asked - globalThis.page.settled);
    const seen = {};
    await until(async () => {
      seen.open = await open();
      if (seen.open > 0) return false;
      [seen.is, seen.shown] = await Promise.all([service.values(), this.values()]);
      if (isDeepStrictEqual(seen.is, seen.shown)) return true;
      // The gateway counts requests over HTTP.
      return pause(100, false);
    }, PATIENCE).catch(() => assert.deepEqual({ ...seen.shown, open: seen.open }, { ...seen.is, open: 0 }));
    // Handlers run in a task of their own.
    await until(() => this.page.evaluate(() => globalThis.page.faults().length === 0), 5_000).catch(() => {});
    assert.deepEqual(await this.page.evaluate(() => globalThis.page.faults()), []);
    assert.deepEqual(this.complaints.filter(isUnexpected), []);
  }
}

/**
 * Sums up a heap, in which a node is so many numbers in a row. What is native belongs to the browser, not to JavaScript. What is
 * hidden are records of its engine: the machine code of WebAssembly, and each script that a test has evaluated.
 */
function held({ snapshot, nodes }) {
  const { node_fields: fields, node_types: types } = snapshot.meta;
  const [type, size] = ['type', 'self_size'].map((name) => fields.indexOf(name));
  const [native, code, hidden] = ['native', 'code', 'hidden'].map((name) => types[type].indexOf(name));
  const bytes = { withCode: 0, withoutCode: 0 };
  for (let node = 0; node < nodes.length; node += fields.length) {
    if (nodes[node + type] === native) continue;
    bytes.withCode += nodes[node + size];
    if (nodes[node + type] !== code && nodes[node + type] !== hidden) bytes.withoutCode += nodes[node + size];
  }
  return bytes;
}

/** In the page, before its own scripts: has the memory of the engine, which is nobody else's business. */
function watchMemory() {
  const { Instance } = WebAssembly;
  WebAssembly.Instance = function (...args) {
    const instance = new Instance(...args);
    globalThis.memory = instance.exports.memory;
    return instance;
  };
}

/** The browser itself reports a connection that breaks, and one that finds nobody there. */
const isUnexpected = (complaint) => !/^WebSocket connection to .* failed/.test(complaint);
const PATIENCE = 30_000;
