// What is followed: the list of resources, and of all others one at a time with what it refers to.

export const LIST = '_inspector.resources';

export class Followed {
  #connection;
  #told;
  /** By rid: `{ kind: 'model' | 'collection' | 'error', value }`. */
  #resources = new Map();
  #wanted;
  /** What the gateway was asked for last; `isHeld` if it sends events. */
  #asked = { rid: undefined, isHeld: false };
  /** Whether it is asked for although it has been. */
  #isAgain = false;
  #isBusy = false;

  /** `told.whole(rid)` is told that a resource came, or why not; `told.event(rid, name, data)` of what happened to one. */
  constructor(connection, told) {
    this.#connection = connection;
    this.#told = told;
  }

  get(rid) {
    return this.#resources.get(rid);
  }

  /** Follows a resource instead of the one before, or none. */
  follow(rid) {
    this.#wanted = rid;
    void this.#settle();
  }

  /** Asks for it again, if it or what it refers to could not be had or is gone, and is there by now. */
  retry(isThere) {
    const isMissing = [...this.#resources].some(([rid, { kind }]) => kind === 'error' && rid !== LIST && isThere(rid));
    if (this.#asked.rid !== this.#wanted || !isMissing) return;
    this.#isAgain = true;
    void this.#settle();
  }

  /** A connection is there, to which nothing is subscribed. */
  async connected() {
    this.#asked = { rid: undefined, isHeld: false };
    await this.#subscribe(LIST);
    void this.#settle();
  }

  /** Takes in resources that came with an answer or event. */
  take({ models = {}, collections = {}, errors = {} } = {}) {
    for (const [rid, value] of Object.entries(models)) this.#resources.set(rid, { kind: 'model', value });
    for (const [rid, value] of Object.entries(collections)) this.#resources.set(rid, { kind: 'collection', value });
    for (const [rid, value] of Object.entries(errors)) this.#resources.set(rid, { kind: 'error', value });
  }

  /** Brings an event to what it is about. */
  event(rid, name, data) {
    this.take(data ?? {});
    const found = this.#resources.get(rid);
    if (name === 'change' && found?.kind === 'model') {
      const members = new Map(Object.entries(found.value));
      for (const [member, value] of Object.entries(data.values)) {
        if (value?.action === 'delete') members.delete(member);
        else members.set(member, value);
      }
      found.value = Object.fromEntries(members);
    } else if (name === 'add' && found?.kind === 'collection') {
      found.value.splice(data.idx, 0, data.value);
    } else if (name === 'remove' && found?.kind === 'collection') {
      found.value.splice(data.idx, 1);
    } else if (name === 'delete' || name === 'unsubscribe') {
      if (rid === this.#asked.rid) this.#asked.isHeld &&= name === 'delete';
      this.#resources.set(rid, { kind: 'error', value: data?.reason ?? DELETED });
    }
    this.#told.event(rid, name, data);
  }

  /** Until what is followed is what is wanted, which may change while an answer is waited for. */
  async #settle() {
    if (this.#isBusy) return;
    this.#isBusy = true;
    while (this.#asked.rid !== this.#wanted || this.#isAgain) {
      this.#isAgain = false;
      // What the one before refers to would not be sent again for the next one, and is not kept up to date without it.
      if (this.#asked.isHeld) await this.#connection.request(`unsubscribe.${this.#asked.rid}`).catch(() => {});
      const seen = this.get(this.#wanted);
      for (const rid of this.#resources.keys()) if (rid !== LIST) this.#resources.delete(rid);
      const rid = this.#wanted;
      this.#asked = { rid, isHeld: false };
      if (rid !== undefined && rid !== LIST) await this.#subscribe(rid, this.#asked, seen);
    }
    this.#isBusy = false;
  }

  async #subscribe(rid, asked, seen) {
    try {
      this.take(await this.#connection.request(`subscribe.${rid}`));
      if (asked) asked.isHeld = true;
    } catch (error) {
      // It is asked for again when there is a connection; what was seen last stays until then.
      if (error.code === 'connection') return;
      // What was deleted and is not found stays deleted.
      const isGone = error.code === 'system.notFound' && seen?.kind === 'error' && seen.value.code === DELETED.code;
      this.#resources.set(rid, isGone ? seen : { kind: 'error', value: error });
    }
    this.#told.whole(rid);
  }
}

/** As the gateway has it, which says so only to those who subscribed to the resource itself. */
const DELETED = { code: 'system.deleted', message: 'Deleted' };
