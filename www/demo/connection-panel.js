import { flash } from './flash.js';
import { note, reason } from './note.js';

/** The state of the connection, the cache of the client, and the buttons that break things. */
export class ConnectionPanel {
  #client;
  #wire;
  #section;
  #pill;
  #rows = new Map();
  #until;
  #control;
  /** How often each book had been drawn when the connection was lost last. */
  #before;

  constructor(client, wire, section, pill) {
    this.#client = client;
    this.#wire = wire;
    this.#section = section;
    this.#pill = pill;
    this.#action('cut', () => this.#wire.cut());
    this.#action('hold', (button) => this.#hold(button));
    this.#action('restart', (button) => this.#restart(button));
    // The cache has no events of its own, so a person sees it as it is twice a second.
    setInterval(() => document.hidden || this.draw(), 500);
  }

  /** Follows what is said about the service that can be restarted. */
  async follow() {
    this.#control = await this.#client.get('demo.control');
    this.#control.on('change', () => this.draw());
    this.draw();
  }

  /** The connection is in another state; `until` is when the next attempt is, on the clock of `performance.now()`. */
  changed({ until }) {
    this.#until = until;
    this.draw();
  }

  /** The connection was lost: from here on it is counted what is drawn again. */
  lost() {
    this.#before = drawn();
    this.draw();
  }

  /** Shows what is the case, and touches only what is not shown already. */
  draw() {
    const { state, protocol, counters, resources } = this.#client.inspect();
    this.#state(state);
    text(this.#part(this.#section, 'protocol'), state === 'connected' ? `RES ${protocol}` : '–');
    text(this.#part(this.#section, 'sockets'), String(this.#wire.sockets));
    text(this.#part(this.#section, 'frames'), counters.frames.toLocaleString('en'));
    text(this.#part(this.#section, 'library'), this.#control?.library ?? '–');
    text(this.#part(this.#section, 'happening'), this.#happening(state, resources));
    this.#resources(resources);
  }

  /** What is going on, in a sentence. */
  #happening(state, resources) {
    if (this.#wire.down) return 'Down until you let it come back. Edit a book in another window meanwhile.';
    if (state !== 'connected')
      return 'What is stale stays on the page as it was, and is compared when the connection is back.';
    if (this.#control?.library === 'away') return 'The library is away. A book changes before it comes back.';
    const stale = resources.filter((resource) => resource.stale).length;
    if (stale > 0) return `${stale} of ${resources.length} resources are being compared.`;
    if (!this.#before) return `All ${resources.length} resources are kept up to date.`;
    const now = [...drawn()];
    const again = now.filter(([rid, renders]) => renders !== this.#before.get(rid)).length;
    return `Healed. Since the break, ${again} of ${now.length} books ${again === 1 ? 'was' : 'were'} drawn again.`;
  }

  #state(state) {
    this.#pill.dataset.connection = state;
    text(this.#part(this.#pill, 'text'), this.#wire.down ? 'Kept down' : STATES[state]);
    const left = this.#until === undefined ? 0 : this.#until - performance.now();
    const counting = state === 'waiting' && left > 0 && !this.#wire.down;
    text(this.#part(this.#pill, 'countdown'), counting ? `${(left / 1000).toFixed(1)} s` : '');
  }

  #resources(resources) {
    const sorted = resources.sort((a, b) => a.rid.localeCompare(b.rid, 'en', { numeric: true }));
    const present = new Set(sorted.map(({ rid }) => rid));
    for (const [rid, row] of this.#rows) {
      if (present.has(rid)) continue;
      row.remove();
      this.#rows.delete(rid);
    }
    const body = this.#section.querySelector('tbody');
    sorted.forEach((resource, idx) => {
      const row = this.#row(resource);
      if (body.children[idx] !== row) body.insertBefore(row, body.children[idx] ?? null);
      row.dataset.stale = resource.stale;
      for (const name of ['direct', 'indirect']) {
        const cell = this.#part(row, name);
        if (text(cell, String(resource[name])) && settled(row)) flash(cell);
      }
      text(this.#part(row, 'kind'), resource.kind);
      text(this.#part(row, 'freshness'), resource.stale ? 'stale' : 'live');
    });
  }

  #row({ rid, direct, indirect }) {
    let row = this.#rows.get(rid);
    if (!row) {
      row = document.querySelector('#resource-row').content.firstElementChild.cloneNode(true);
      row.dataset.rid = rid;
      for (const [name, value] of Object.entries({ rid, direct, indirect })) text(this.#part(row, name), String(value));
      row.dataset.since = performance.now();
      this.#rows.set(rid, row);
    }
    return row;
  }

  #hold(button) {
    const down = !this.#wire.down;
    button.setAttribute('aria-pressed', String(down));
    this.#wire.hold(down);
    // It would come back without this too, at the next attempt; and should this one fail, there will be others.
    if (!down) this.#client.connect().catch(() => this.draw());
    this.draw();
  }

  async #restart(button) {
    const warning = this.#section.querySelector('.note');
    button.disabled = true;
    try {
      await this.#client.call('demo.control', 'restart');
      note(warning);
    } catch (error) {
      note(warning, reason(error));
    } finally {
      button.disabled = false;
    }
  }

  #action(name, run) {
    const button = this.#section.querySelector(`[data-action="${name}"]`);
    button.addEventListener('click', () => run(button));
  }

  #part(within, name) {
    return within.querySelector(`[data-part="${name}"]`);
  }
}

/** How often each book on the page has been drawn. */
function drawn() {
  const rows = document.querySelectorAll('.row[data-rid]');
  return new Map([...rows].map((row) => [row.dataset.rid, row.dataset.renders]));
}

/** A resource that has just come gets its listeners now, which is no news. */
function settled(row) {
  return performance.now() - row.dataset.since > 1500;
}

/** Sets the text of an element if it is another; says whether it was. */
function text(element, value) {
  if (element.textContent === value) return false;
  element.textContent = value;
  return true;
}

const STATES = {
  idle: 'Not connected',
  connecting: 'Connecting',
  stale: 'Comparing',
  connected: 'Connected',
  waiting: 'Reconnecting',
  closed: 'Not connected',
};
