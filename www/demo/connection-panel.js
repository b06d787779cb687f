import { flash } from './flash.js';

/** The state of the connection, the cache of the client, and the buttons that break things. */
export class ConnectionPanel {
  #client;
  #wire;
  #section;
  #pill;
  #rows = new Map();
  #until;
  #told = 0;

  constructor(client, wire, section, pill) {
    this.#client = client;
    this.#wire = wire;
    this.#section = section;
    this.#pill = pill;
    this.#action('cut', () => this.#cut());
    this.#action('hold', (button) => this.#hold(button));
    this.#action('restart', (button) => this.#restart(button));
    // The cache has no events of its own, so a person sees it as it is twice a second.
    setInterval(() => document.hidden || this.draw(), 500);
  }

  /** The connection is in another state; `until` is when the next attempt is, on the clock of `performance.now()`. */
  changed({ until }) {
    this.#until = until;
    this.draw();
  }

  /** Shows what is the case, and touches only what is not shown already. */
  draw() {
    const { state, protocol, counters, resources } = this.#client.inspect();
    this.#state(state);
    text(this.#part(this.#section, 'protocol'), state === 'connected' ? `RES ${protocol}` : '–');
    text(this.#part(this.#section, 'sockets'), String(this.#wire.sockets));
    text(this.#part(this.#section, 'frames'), counters.frames.toLocaleString('en'));
    this.#resources(resources);
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
        if (text(cell, String(resource[name]))) flash(cell);
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
      this.#rows.set(rid, row);
    }
    return row;
  }

  #cut() {
    this.#wire.cut();
    this.#tell('Cut. The client comes back by itself.');
  }

  #hold(button) {
    const down = !this.#wire.down;
    button.setAttribute('aria-pressed', String(down));
    button.textContent = down ? 'Let it come back' : 'Keep it down';
    this.#wire.hold(down);
    if (down) return this.#tell('Down until you let it come back. Edit a book in another window meanwhile.');
    this.#tell('Only what differs is drawn again.');
    // Without this it would come back too, at the next attempt. That it fails now is no news: the client goes on trying.
    this.#client.connect().catch(() => this.draw());
  }

  async #restart(button) {
    button.disabled = true;
    this.#tell('The service is going away. It changes a book before it comes back.');
    try {
      await this.#client.call('demo.control', 'restart');
    } catch (error) {
      this.#tell(error.message);
    } finally {
      button.disabled = false;
    }
  }

  /** Says something about what a person has just done, until it is no longer of interest. */
  #tell(sentence) {
    const element = this.#part(this.#section, 'happening');
    element.textContent = sentence;
    clearTimeout(this.#told);
    this.#told = setTimeout(() => (element.textContent = ''), 8000);
    this.draw();
  }

  #action(name, run) {
    const button = this.#section.querySelector(`[data-action="${name}"]`);
    button.addEventListener('click', () => run(button));
  }

  #part(within, name) {
    return within.querySelector(`[data-part="${name}"]`);
  }
}

/** Sets the text of an element if it is another; says whether it was. */
function text(element, value) {
  if (element.textContent === value) return false;
  element.textContent = value;
  return true;
}

const STATES = { idle: 'Not connected', connecting: 'Connecting', connected: 'Connected', waiting: 'Reconnecting' };
