/*
 * Changes of lists, of which a frame may bring as many as there are items. A splice moves everything behind it; so when that has
 * become too much, the list is parted where it changes, and only what is between one change and the next moves. The list is whole
 * again before any code of the application runs, so there is never more than one that is not.
 */

export function insertInto(list: unknown[], idx: number, item: unknown): void {
  if (part(list, idx)) list.push(item);
  else list.splice(idx, 0, item);
}

/** The item that was there. */
export function removeFrom(list: unknown[], idx: number): unknown {
  return part(list, idx + 1) ? list.pop() : list.splice(idx, 1)[0];
}

/** Makes the list whole. To be called before code of the application is. */
export function finishEdits(): void {
  while (rest.length > 0) edited!.push(rest.pop());
  edited = null;
}

/** Sees to it that a list ends before an index, if moves so far make that worth while. */
function part(list: unknown[], idx: number): boolean {
  if (list !== edited) {
    finishEdits();
    edited = list;
    moves = CHEAP_MOVES * list.length;
  }
  if (rest.length === 0 && (moves -= list.length - idx) >= 0) return false;
  while (list.length > idx) rest.push(list.pop());
  while (list.length < idx) list.push(rest.pop());
  return true;
}

/** The list that changed last. */
let edited: unknown[] | null = null;
/** What of it stands behind the part, backwards. */
const rest: unknown[] = [];
/** Items that splices of it may still move. */
let moves = 0;

/** Splices move items in bulk: as many of all items as it costs to part a list and make it whole. */
const CHEAP_MOVES = 16;
