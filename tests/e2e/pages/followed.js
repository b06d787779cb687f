/** A model, and what its handlers were told: the old values of what changed, every time. */
export class FollowedModel {
  #model;
  #first;
  #told = [];

  constructor(model) {
    this.#model = model;
    this.#first = { ...model.props };
    model.on('change', this.#change);
  }

  values() {
    return { ...this.#model.props };
  }

  /** Taking back every change that was told, the last one first, leads to what there was at first, unless one was not told, or twice. */
  faults() {
    const faults = [];
    const now = this.values();
    for (const old of this.#told.toReversed()) {
      for (const [member, value] of Object.entries(old)) {
        if (now[member] === value) faults.push(`a change of ${member} to what it was, ${value}`);
        now[member] = value;
      }
    }
    for (const member of new Set([...Object.keys(now), ...Object.keys(this.#first)])) {
      const [told, was] = [now[member], this.#first[member]];
      if (told !== was)
        faults.push(`${this.#model.getResourceId()}.${member} was ${was}, and ${told} by what was told`);
    }
    return faults;
  }

  leave() {
    this.#model.off('change', this.#change);
  }

  #change = (old) => this.#told.push(old);
}

/** The list of books with each of its books, and the list as its handlers were told it. */
export class FollowedBooks {
  #list;
  #told;
  #books = new Map();
  #faults = [];

  constructor(list) {
    this.#list = list;
    this.#told = rids(list);
    list.on('add', this.#add);
    list.on('remove', this.#remove);
    for (const book of list.toArray()) this.#follow(book);
  }

  values() {
    return this.#list.toArray().map((book) => ({ ...book.props }));
  }

  faults() {
    const [told, is] = [this.#told, rids(this.#list)].map(String);
    const ofList = told === is ? [] : [`${is}, and ${told} by what was told`];
    return [...this.#faults, ...ofList, ...[...this.#books.values()].flatMap((book) => book.faults())];
  }

  leave() {
    this.#list.off('add', this.#add);
    this.#list.off('remove', this.#remove);
    for (const book of this.#books.values()) book.leave();
  }

  #add = ({ item, idx }) => {
    this.#told.splice(idx, 0, item.getResourceId());
    this.#follow(item);
  };

  #remove = ({ item, idx }) => {
    const rid = item.getResourceId();
    const [told] = this.#told.splice(idx, 1);
    if (told !== rid) this.#faults.push(`${rid} left where ${told} was`);
    const book = this.#books.get(rid);
    if (!book) return;
    this.#books.delete(rid);
    this.#faults.push(...book.faults());
    book.leave();
  };

  #follow(book) {
    const rid = book.getResourceId();
    // What came and went while no handler could run is gone when its handlers are told, and cannot be listened to.
    if (book.getClient().getCached(rid) === book) this.#books.set(rid, new FollowedModel(book));
  }
}

const rids = (list) => list.toArray().map((book) => book.getResourceId());
