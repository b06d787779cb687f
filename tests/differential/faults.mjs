import {
  excess,
  firstExcess,
  isSubscribe,
  isUnsubscribe,
  isVersion,
  ridOf,
  takeOut,
  takeOutExcess,
} from './excess.mjs';

/** Faults of resclient 2.5, each with a number of its own. What of it can be seen differs, or all that comes after. */
export const faults = {
  RF1: {
    why: 'a resource that moves in a collection is forgotten while the collection is compared, and then not found',
    apply(pair) {
      const lost = ({ faults, outcomes }) =>
        faults.some((fault) => /^resource set: TypeError/.test(fault)) ||
        outcomes.some(([, how, error]) => how === 'rejected' && /^Cannot read prop/.test(error?.thrown));
      return lost(pair.theirs) && pair.end();
    },
  },

  RF2: {
    why: 'what the old value of a member reaches is let go before the new value counts: the new value is not found',
    apply: ends(/^onmessage: TypeError/),
  },

  'RF2 stale': {
    why: 'the same, and what is listened to is taken for stale though the new value still covers it',
    apply(pair) {
      const first = firstExcess(pair);
      if (first?.side !== 'theirs' || !isSubscribe(first.frame) || pair.theirs.frames.some(isVersion)) return false;
      return (
        Boolean(pair.before?.ours.cache[ridOf(first.frame)]) && !pair.refused.has(ridOf(first.frame)) && pair.end()
      );
    },
  },

  RF4: {
    why: 'comparing a resource with another one never ends when they contain themselves',
    apply: ends(/RangeError/),
  },

  RF7: {
    why: 'an error that stands for a resource is kept when the resource can be had',
    apply: ends(/Resource type inconsistency/),
  },

  RF8: {
    why: 'a resource that is being unsubscribed is taken for subscribed, and is lost when that is answered',
    apply(pair, memory) {
      const { ours, theirs, step } = pair;
      const leaving = (memory.leaving ??= new Set());
      const wanted = ours.frames.filter((frame) => isSubscribe(frame) && leaving.has(ridOf(frame)));
      if (['get', 'on', 'onOld', 'soft'].includes(step.kind) && wanted.length > theirs.frames.length) return pair.end();
      for (const frame of theirs.frames) if (isUnsubscribe(frame)) leaving.add(ridOf(frame));
      for (const rid of leaving) if (!theirs.cache[rid]?.subscribed) leaving.delete(rid);
      return false;
    },
  },

  'RF8 leak': {
    why: 'a subscription that is added while others are given back is never given back',
    apply(pair) {
      const first = firstExcess(pair);
      if (first?.side !== 'ours' || !isUnsubscribe(first.frame)) return false;
      const { [ridOf(first.frame)]: kept } = pair.theirs.cache;
      return pair.unsubscribed.has(ridOf(first.frame)) && kept?.subscribed > 0 && kept.direct === 0 && pair.end();
    },
  },

  'RF8 twice': {
    why: 'a resource the gateway unsubscribes while it is being unsubscribed is let go of twice',
    apply: ends(/^dropped twice|Indirect count reached below 0/),
  },

  RF9: {
    why: 'a change that changes nothing is told with what the gateway sent as its data',
    apply: ({ theirs }) =>
      takeOut(theirs.events, ({ event, data }) => event.endsWith('.change') && Boolean(data?.values)),
  },

  RF11: {
    why: 'an object that has left the cache listens to the one that took its place',
    apply(pair) {
      const { ours, theirs, step } = pair;
      const refused = ours.answers.at(-1)?.thrown && theirs.answers.at(-1) === true;
      return step.kind === 'onOld' && Boolean(refused) && pair.end();
    },
  },

  RF12: {
    why: 'what waits for an answer when the connection is lost is never settled',
    apply({ ours, later }) {
      const settledByTheirs = (number) => later.theirs.some(({ outcomes }) => outcomes.some(([n]) => n === number));
      return takeOut(
        ours.outcomes,
        ([number, how, error]) => how === 'rejected' && error?.code === 'system.disconnect' && !settledByTheirs(number),
      );
    },
  },

  RF14: {
    why: 'a connection that ends during the handshake without an error is not noticed by who waits for it',
    apply(pair) {
      const failed = ({ events }) => events.some(({ event }) => event === 'resclient.connectError');
      return ['lose', 'down'].includes(pair.step.kind) && failed(pair.ours) && !failed(pair.theirs) && pair.end();
    },
  },

  'RF7 recovery': {
    why: 'an error that stands for a resource is kept for good, and the resource is never asked for again',
    apply(pair) {
      const { ours, theirs } = pair;
      const more = excess(ours.frames, theirs.frames).filter((frame) => pair.failed.has(ridOf(frame)));
      const asked = more.filter(isSubscribe);
      for (const frame of asked) ours.frames.splice(ours.frames.indexOf(frame), 1);
      const isHad = (rid) => ours.cache[rid]?.subscribed > (theirs.cache[rid]?.subscribed ?? 0);
      // Asked for with success, so that one has it and the other has not.
      if (asked.some((frame) => isHad(ridOf(frame))) || more.some(isUnsubscribe)) return pair.end();
      return asked.length > 0;
    },
  },

  'RF27 reason': {
    why: 'why a subscription ended is not told',
    apply({ ours }) {
      let applied = false;
      for (const { event, data } of ours.events) {
        if (!event.endsWith('.unsubscribe') || !data?.reason) continue;
        delete data.reason;
        applied = true;
      }
      return applied;
    },
  },

  'RF27 retry': {
    why: 'what was denied is asked for again and again',
    apply(pair, memory) {
      const { ours, theirs } = pair;
      const denied = (memory.denied ??= new Set());
      for (const { data } of ours.events) if (isDenial(data)) denied.add(data.error);
      let applied = false;
      for (const rid of denied) {
        const isRequest = ({ method }) => method === `subscribe.${rid}`;
        const isError = ({ event, data }) => event === 'resclient.error' && data.method === `subscribe.${rid}`;
        const more = excess(theirs.frames, ours.frames).some(isRequest);
        // Access was granted meanwhile.
        if (more && theirs.cache[rid]?.subscribed > (ours.cache[rid]?.subscribed ?? 0)) return pair.end();
        if (takeOutExcess(theirs.frames, ours.frames, isRequest)) applied = true;
        if (takeOutExcess(theirs.events, ours.events, isError)) applied = true;
      }
      return applied;
    },
  },

  'RF27 deleted': {
    why: 'what was deleted is given to who asks for it',
    apply(pair) {
      const { ours, theirs, step } = pair;
      if (!['get', 'soft'].includes(step.kind) || pair.deleted.size === 0) return false;
      const answered = ({ outcomes }) => outcomes.some(([number]) => number === step.number);
      return answered(theirs) && !answered(ours) && pair.end();
    },
  },

  'RF28 part': {
    why: 'the same, and so a part of it that is taken back counts as the whole',
    apply: (pair) => pair.step.kind === 'offPart' && pair.theirs.answers.length > 0 && pair.end(),
  },

  RF28: {
    why: 'a listener of several events counts as one',
    apply({ ours, theirs, step }) {
      let applied = false;
      for (const [rid, resource] of Object.entries(ours.cache)) {
        const other = theirs.cache[rid];
        if (!other || other.direct === 0 || resource.direct <= other.direct) continue;
        resource.direct = other.direct;
        applied = true;
      }
      // The difference stays as long as there are such listeners.
      return applied && step.kind === 'on';
    },
  },
};

/** To be tried when what else is to differ has been taken out: any difference left may come of it. */
export const mistakenEquality = {
  why: 'values are taken for equal that are not, such as {} and [], or [] and a collection',
  apply(pair, memory) {
    if (takeOut(pair.theirs.faults, (fault) => fault.startsWith('equal: '))) memory.mistaken = true;
    return Boolean(memory.mistaken) && !pair.isSame && pair.end();
  },
};

/** The rule of a fault that does harm: nothing after it is worth a comparison. */
function ends(fault) {
  return (pair) => pair.theirs.faults.some((text) => fault.test(text)) && pair.end();
}

const isDenial = (error) =>
  /^subscribe\./.test(error?.method) && ['system.accessDenied', 'system.deleted'].includes(error.code);
