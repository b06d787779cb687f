import { excess, firstExcess, isSubscribe, isVersion, ridOf, takeOutExcess } from './excess.mjs';

/** Where this package does something else on purpose, or where it makes no difference what is done. */
export const differences = {
  'protocol version': {
    why: 'this package speaks a later version of the protocol',
    apply({ ours, theirs }) {
      const versions = [...ours.frames, ...theirs.frames].filter(isVersion);
      for (const frame of versions) delete frame.params;
      return versions.length > 0;
    },
  },

  'local errors': {
    why: 'TEMPORARY: errors of requests that were never sent differ in message and data',
    apply({ ours, theirs }) {
      let applied = false;
      for (const [, how, error] of [...ours.outcomes, ...theirs.outcomes]) {
        if (how !== 'rejected' || !error?.error || !LOCAL.includes(error.code)) continue;
        if (!error.params) delete error.params;
        delete error.message;
        delete error.data;
        applied = true;
      }
      return applied;
    },
  },

  'legacy set': {
    why: 'TEMPORARY: what a legacy gateway answers to set is given as the payload of a result',
    apply({ ours, theirs, legacy }) {
      if (!legacy) return false;
      let applied = false;
      for (const [at, outcome] of ours.outcomes.entries()) {
        const other = theirs.outcomes[at];
        if (other?.[2] !== null || !outcome[2]?.data || outcome[2].data.payload !== null) continue;
        outcome[2] = null;
        applied = true;
      }
      return applied;
    },
  },

  'unsubscribe of what is refused': {
    why: 'TEMPORARY: listeners are not told when what covered a resource goes and a subscription of its own is refused',
    apply({ ours, theirs }) {
      const refused = theirs.events.some(({ data }) => /^subscribe\./.test(data?.method));
      return refused && takeOutExcess(theirs.events, ours.events, ({ event }) => event.endsWith('.unsubscribe'));
    },
  },

  'order of answers': {
    why: 'after a connection is made it does not matter in which order what is stale is subscribed to, and so answered',
    apply(pair) {
      const { ours, theirs } = pair;
      if (!ours.frames.some(isVersion) || !theirs.frames.some(isVersion)) return false;
      const target = ({ target, data }) => JSON.stringify([target, data?.error]);
      for (const { events } of [ours, theirs]) events.sort((a, b) => target(a).localeCompare(target(b)));
      if (JSON.stringify(ours.frames) === JSON.stringify(theirs.frames)) return false;
      // One client may have let go of a resource and got it anew that the other one has kept.
      pair.forgetNumbers();
      return true;
    },
  },

  'order in a moment': {
    why: 'several resources whose time comes at the same moment are unsubscribed in no particular order',
    apply({ ours, theirs }) {
      if (excess(ours.frames, theirs.frames).length + excess(theirs.frames, ours.frames).length > 0) return false;
      const key = ({ at, method }) => `${String(at).padStart(9)} ${method}`;
      const before = JSON.stringify(ours.frames) !== JSON.stringify(theirs.frames);
      for (const { frames } of [ours, theirs]) frames.sort((a, b) => (key(a) < key(b) ? -1 : 1));
      return before;
    },
  },

  'what covers is enough': {
    why: 'what nobody listens to, or another one covers that is subscribed to anew, is not subscribed to anew itself',
    apply(pair) {
      const { ours, theirs, before } = pair;
      if (!theirs.frames.some(isVersion)) return false;
      const extra = excess(theirs.frames, ours.frames).filter(isSubscribe);
      const cached = (frame) => before?.theirs.cache[ridOf(frame)];
      if (extra.length === 0 || !extra.every(cached)) return false;
      const refused = ({ data }) => extra.some(({ method }) => method === data?.method);
      takeOutExcess(theirs.events, ours.events, refused);
      // So it may have stayed in the cache until now.
      pair.forgetNumbers();
      // And what it covers hears of changes at once that it hears of later, or never, where nothing else does.
      const uncovered = Object.values(ours.cache).some(({ direct, subscribed }) => direct > 0 && subscribed === 0);
      const early =
        uncovered || extra.some((frame) => cached(frame).direct > 0) || theirs.events.some(({ who }) => who === 'bus');
      return pair.endAfterAllBut('frames', 'cache', 'values', ...(early ? ['events'] : []));
    },
  },

  'refused covers nothing': {
    why: 'what was refused is asked for more slowly, and what is below it gets a subscription of its own',
    apply(pair) {
      const first = firstExcess(pair);
      return pair.refused.size > 0 && first !== null && isSubscribe(first.frame) && pair.end();
    },
  },

  linger: {
    why: 'what is asked for and comes with another resource lingers from the answer on, and is not unsubscribed before that',
    apply(pair) {
      const first = firstExcess(pair);
      if (first?.side !== 'theirs' || !first.frame.method.startsWith('unsubscribe.')) return false;
      const { [ridOf(first.frame)]: kept } = pair.ours.cache;
      return kept?.subscribed > 0 && kept.direct === 0 && pair.end();
    },
  },

  'root in a cycle': {
    why: 'of resources that refer to each other, one more may be subscribed to than is needed',
    apply(pair) {
      const { ours, theirs } = pair;
      const extra = excess(ours.frames, theirs.frames);
      const beside = ({ at }) => theirs.frames.some((frame) => frame.at === at && isSubscribe(frame));
      const first = firstExcess(pair);
      return first?.side === 'ours' && extra.every(isSubscribe) && beside(first.frame) && pair.end();
    },
  },

  crossing: {
    why: 'what the gateway unsubscribed while it was being unsubscribed is no error',
    apply({ ours, theirs }) {
      const crossed = ({ event, data }) => event === 'resclient.error' && data.code === 'system.noSubscription';
      return takeOutExcess(theirs.events, ours.events, crossed);
    },
  },

  doubt: {
    why: 'a call answered with an error in place of its resource is given back at once, not after a while',
    apply(pair) {
      const failed = pair.ours.outcomes.filter(([, how, value]) => how === 'resolved' && value?.error);
      const given = failed.map(([, , { error }]) => `unsubscribe.${error}`);
      return pair.ours.frames.some(({ method }) => given.includes(method)) && pair.end();
    },
  },
};

const LOCAL = ['system.disconnect', 'system.connectionError'];
