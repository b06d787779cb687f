// The resource that is looked at: its values, which can be edited, and a form to add one.

import { arrange, beforeFrame, part } from './dom.js';
import { Row } from './row.js';
import { read } from './value.js';

/** More would make the page slow. */
const MOST = 500;

export class ResourceView {
  #root;
  #tbody;
  #form;
  #followed;
  #call;
  #apiPath;
  #rid;
  #kind;
  /** Of a model by member, of a collection in their order. */
  #rows = [];
  /** As they are on the page. */
  #shown = [];
  #drawSoon = beforeFrame(() => this.draw());

  /** `call(method, params)` calls a method of the resource. */
  constructor(root, { followed, call, apiPath }) {
    this.#root = root;
    this.#tbody = root.querySelector('tbody');
    this.#form = root.querySelector('#add');
    this.#followed = followed;
    this.#call = call;
    this.#apiPath = apiPath;
    this.#form.addEventListener('submit', (event) => void this.#add(event));
  }

  /** Begins with a resource that has not come yet. */
  open(rid) {
    this.#rid = rid;
    this.#clear();
    this.#root.querySelector('#rid').textContent = rid;
    part(this.#root, 'kind').textContent = 'Loading …';
    part(this.#root, 'error').textContent = '';
    const address = this.#apiAddress(rid);
    part(this.#root, 'json').hidden = !address;
    part(this.#root, 'json').href = address;
    this.#root.querySelector('#values').hidden = true;
  }

  /** Shows it and what it refers to, which have come together. */
  whole() {
    this.draw();
    for (const row of this.#rows) row.redraw();
  }

  /** Shows it as it is now. */
  draw() {
    const { kind, value } = this.#followed.get(this.#rid) ?? {};
    if (!kind) return;
    if (kind === 'error') {
      part(this.#root, 'kind').textContent = this.#kind ? 'not there any more' : 'not there';
      part(this.#root, 'error').textContent = `${value.message} (${value.code})`;
    } else {
      if (kind !== this.#kind) this.#clear();
      this.#kind = kind;
      part(this.#root, 'error').textContent = '';
    }
    this.#root.querySelector('#values').hidden = !this.#kind;
    this.#root.querySelector('#values').classList.toggle('gone', kind === 'error');
    if (kind === 'model') this.#drawModel(value);
    if (kind === 'collection') this.#drawCollection(value);
  }

  /** Shows what an event has changed. */
  event(rid, name, data) {
    if (rid === this.#rid) {
      const isOfItems = this.#kind === 'collection' && ['add', 'remove'].includes(name);
      // Rows go with their items, so that one that is being edited stays with its own.
      if (isOfItems && name === 'add') this.#rows.splice(data.idx, 0, ...this.#flashing(data));
      if (isOfItems && name === 'remove') this.#rows.splice(data.idx, 1);
      this.#drawSoon();
    } else {
      for (const row of this.#rows) if (row.refersTo(rid)) row.redraw();
    }
  }

  #flashing({ idx, value }) {
    if (idx > this.#rows.length || idx >= MOST) return [];
    const row = this.#item(value);
    row.flash();
    return [row];
  }

  #drawModel(model) {
    const members = Object.keys(model);
    const rows = new Map(this.#rows.map((row) => [row.name, row]));
    this.#rows = members.map((name) => {
      const row = rows.get(name);
      row?.update(model[name]);
      if (row) return row;
      const added = this.#member(name, model[name]);
      if (rows.size) added.flash();
      return added;
    });
    this.#arrange(members.length, ['member', 'members']);
  }

  #drawCollection(items) {
    this.#rows.length = Math.min(this.#rows.length, items.length, MOST);
    items.slice(0, MOST).forEach((value, at) => {
      if (this.#rows[at]) this.#rows[at].update(value);
      else this.#rows.push(this.#item(value));
    });
    this.#rows.forEach((row, at) => (row.name = String(at)));
    this.#arrange(items.length, ['item', 'items']);
  }

  #arrange(count, [one, more]) {
    const focus = this.#focusAfter();
    arrange(
      this.#tbody,
      this.#rows.map((row) => row.element),
    );
    focus?.focus();
    this.#shown = [...this.#rows];
    const counted = `${count.toLocaleString('en')} ${count === 1 ? one : more}`;
    part(this.#root, 'kind').textContent = `${this.#kind}, ${counted}`;
    const rest = count - this.#rows.length;
    part(this.#root, 'empty').textContent =
      count === 0 ? `It has no ${more}.` : rest > 0 ? `and ${rest.toLocaleString('en')} more, which are not shown` : '';
    const isModel = this.#kind === 'model';
    this.#root.querySelector('table').className = this.#kind;
    this.#root.querySelector('thead [data-part="key"]').textContent = isModel ? 'Member' : 'Index';
    this.#root.querySelector('thead').hidden = count === 0;
    part(this.#form, 'key').textContent = isModel ? 'Member' : 'Index, if not the end';
  }

  /** What gets the focus if it is in a row that is not there any more: the next row, of whoever has removed this one. */
  #focusAfter() {
    const at = this.#shown.findIndex(({ element }) => element.contains(document.activeElement));
    if (at < 0 || this.#rows.includes(this.#shown[at])) return undefined;
    const next = this.#shown.slice(at).find((row) => this.#rows.includes(row));
    return this.#shown[at].isRemoving && next ? next.removing : this.#root.querySelector('#rid');
  }

  #member(name, value) {
    return new Row(name, value, {
      lookup: (rid) => this.#followed.get(rid),
      save: (value) => this.#call('set', { [name]: value }),
      remove: () => this.#call('set', { [name]: { action: 'delete' } }),
    });
  }

  #item(value) {
    const row = new Row('', value, {
      lookup: (rid) => this.#followed.get(rid),
      remove: () => this.#call('remove', { idx: this.#rows.indexOf(row) }),
    });
    return row;
  }

  async #add(event) {
    event.preventDefault();
    const { key, value } = this.#form.elements;
    const note = this.#form.querySelector('.note');
    note.textContent = '';
    try {
      if (this.#kind === 'model') {
        if (!key.value) throw new Error('A member needs a name.');
        await this.#call('set', { [key.value]: read(value.value) });
      } else {
        if (!/^\d*$/.test(key.value.trim())) throw new Error('The index is a number from 0.');
        const idx = key.value.trim() ? Number(key.value) : undefined;
        await this.#call('add', { idx, value: read(value.value) });
      }
      this.#form.reset();
      key.focus();
    } catch (error) {
      note.textContent = error.message;
    }
  }

  #clear() {
    this.#kind = undefined;
    this.#rows = [];
    this.#shown = [];
    this.#tbody.replaceChildren();
    this.#form.reset();
    this.#form.querySelector('.note').textContent = '';
  }

  /** The address of its JSON; none of a name that no path has, because it has slashes or half a character. */
  #apiAddress(rid) {
    const [name, ...query] = rid.split('?');
    if (name.includes('/') || !rid.isWellFormed()) return '';
    const path = name.split('.').map(encodeURIComponent).join('/');
    return this.#apiPath + path + (query.length ? `?${query.join('?')}` : '');
  }
}
