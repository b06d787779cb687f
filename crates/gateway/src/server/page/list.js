// The list of resources: filtered by what is typed, walked through with the arrow keys.

import { arrange, element, part } from './dom.js';
import { address } from './value.js';

/** More would make the page slow, and nobody reads them. */
const MOST = 500;
const ORDER = new Intl.Collator('en', { numeric: true });

export class List {
  #element;
  #filter;
  #ul;
  #items = new Map();
  #names = [];
  #chosen;

  constructor(root) {
    this.#element = root;
    this.#filter = root.querySelector('input');
    this.#ul = root.querySelector('ul');
    this.#filter.addEventListener('input', () => this.#draw());
    root.addEventListener('keydown', (event) => this.#key(event));
  }

  /** Takes over all names there are. */
  show(names) {
    // Those that are known are in order already, which leaves little to sort.
    const more = new Set(names);
    const known = this.#names.filter((name) => more.delete(name));
    this.#names = [...known, ...more].sort(ORDER.compare);
    part(this.#element, 'count').textContent = names.length.toLocaleString('en');
    this.#draw();
  }

  /** Says instead why there are none. */
  fail(message) {
    this.show([]);
    part(this.#element, 'rest').textContent = message;
  }

  choose(rid) {
    this.#chosen = rid;
    this.#draw();
    this.#items.get(rid)?.scrollIntoView({ block: 'nearest' });
  }

  #draw() {
    const text = this.#filter.value.trim();
    const lower = text.toLowerCase();
    const found = this.#names.filter((name) => name.toLowerCase().includes(lower));
    const isOther = text && !/\s/.test(text) && !this.#names.includes(text);
    const rids = [...found.slice(0, MOST), ...(isOther ? [text] : [])];
    const items = new Map(rids.map((rid) => [rid, this.#items.get(rid) ?? this.#item(rid)]));
    this.#items = items;
    arrange(this.#ul, [...items.values()]);
    for (const [rid, { firstChild: link }] of items) {
      link.toggleAttribute('data-other', isOther && rid === text);
      if (rid === this.#chosen) link.setAttribute('aria-current', 'page');
      else link.removeAttribute('aria-current');
    }
    const rest = found.length - MOST;
    part(this.#element, 'rest').textContent =
      rest > 0 ? `and ${rest.toLocaleString('en')} more: type a part of a name` : found.length ? '' : this.#nothing();
  }

  #nothing() {
    return this.#names.length ? 'No name has this in it.' : 'There are no resources.';
  }

  #item(rid) {
    return element('li', {}, element('a', { href: address(rid) }, rid));
  }

  #key(event) {
    const links = [...this.#ul.querySelectorAll('a')];
    const at = links.indexOf(document.activeElement);
    if (event.key === 'Enter' && event.target === this.#filter) links[0]?.click();
    else if (event.key === 'ArrowDown') links[at + 1]?.focus();
    else if (event.key === 'ArrowUp' && at >= 0) (links[at - 1] ?? this.#filter).focus();
    else if (event.key === 'Home' && at >= 0) links[0].focus();
    else if (event.key === 'End' && at >= 0) links.at(-1).focus();
    else return;
    event.preventDefault();
  }
}
