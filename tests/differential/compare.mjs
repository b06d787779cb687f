import { isDeepStrictEqual } from 'node:util';
import { isUnsubscribe, ridOf } from './excess.mjs';
import { rules } from './rules.mjs';

/**
 * Compares what two clients did in one conversation, step by step. `counts` takes notes, if given. The result is null, or where the
 * two differ first.
 */
export function compare(steps, ours, theirs, counts) {
  const run = {
    ours,
    theirs,
    deleted: new Set(),
    refused: new Set(),
    unsubscribed: new Set(),
    failed: new Set(),
    anonymous: false,
  };
  const memories = new Map(Object.keys(rules).map((id) => [id, {}]));
  if (counts) counts.conversations += 1;
  for (const [index, step] of steps.entries()) {
    const pair = new Pair(run, index, step);
    for (const [id, rule] of Object.entries(rules)) {
      if (rule.apply(pair, memories.get(id))) counts?.rules.set(id, counts.rules.get(id) + 1);
      if (pair.ends) return null;
    }
    const aspect = pair.difference;
    if (aspect) return { step, aspect, ours: pair.ours[aspect], theirs: pair.theirs[aspect] };
    counts?.note(step, theirs[index]);
    if (pair.endsAfter) return null;
  }
  if (counts) counts.compared += 1;
  return null;
}

/** One step as both clients took it. Rules take out of it what is to differ. */
class Pair {
  /** Whether nothing from here on is to be compared. */
  ends = false;
  /** Whether nothing after this step is to be compared. */
  endsAfter = false;
  #left = [];
  #run;

  constructor(run, index, step) {
    const { ours, theirs, deleted, refused } = run;
    this.step = step;
    this.#run = run;
    const copy = run.anonymous ? (record) => withoutNumbers(prepared(record)) : prepared;
    this.ours = copy(ours[index]);
    this.theirs = copy(theirs[index]);
    /** What they did in the step before, if there was one. */
    this.before = index > 0 ? { ours: ours[index - 1], theirs: theirs[index - 1] } : null;
    /** What they did from this step on. */
    this.later = { ours: ours.slice(index), theirs: theirs.slice(index) };
    /** Resources that were deleted so far. */
    this.deleted = deleted;
    if (step.kind === 'delete') deleted.add(step.rid);
    /** Resources an error has stood for so far. */
    this.failed = run.failed;
    for (const [rid, { kind }] of Object.entries(this.ours.cache)) if (kind === 'error') run.failed.add(rid);
    /** Resources the other client has unsubscribed so far. */
    this.unsubscribed = run.unsubscribed;
    for (const frame of this.theirs.frames) if (isUnsubscribe(frame)) run.unsubscribed.add(ridOf(frame));
    /** Resources of which a subscription was refused so far. */
    this.refused = refused;
    for (const { data } of this.theirs.events) if (/^subscribe\./.test(data?.method)) refused.add(data.error);
  }

  /** The first aspect in which they differ. */
  get difference() {
    const differs = (aspect) =>
      !this.#left.includes(aspect) && !isDeepStrictEqual(this.ours[aspect], this.theirs[aspect]);
    return ASPECTS.find(differs);
  }

  get isSame() {
    return this.difference === undefined;
  }

  end() {
    this.ends = true;
    return true;
  }

  /** From here on the objects of one resource are not told apart. */
  forgetNumbers() {
    if (this.#run.anonymous) return;
    this.#run.anonymous = true;
    this.ours = withoutNumbers(this.ours);
    this.theirs = withoutNumbers(this.theirs);
  }

  /** Compares this step, these aspects aside, and then no more. */
  endAfterAllBut(...aspects) {
    this.#left = aspects;
    this.endsAfter = true;
    return true;
  }
}

const withoutNumbers = (record) => JSON.parse(JSON.stringify(record).replace(/#\d+"/g, '"'));

/** A copy that a rule may edit, in which promises are in the order they were made. */
function prepared(record) {
  const copy = structuredClone(record);
  copy.outcomes.sort(([a], [b]) => String(a).localeCompare(String(b), undefined, { numeric: true }));
  return copy;
}

const ASPECTS = ['faults', 'frames', 'answers', 'events', 'outcomes', 'cache', 'values'];
