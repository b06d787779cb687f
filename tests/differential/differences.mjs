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

  'params of errors': {
    why: 'the error of a request that was never sent has no params where there would have been none on the wire',
    apply({ theirs }) {
      let applied = false;
      for (const [, how, error] of theirs.outcomes) {
        if (how !== 'rejected' || ![0, false, '', null].includes(error?.params)) continue;
        error.params = undefined;
        applied = true;
      }
      return applied;
    },
  },

  'order in a moment': {
    why: 'several resources whose time comes at the same moment are asked for, or given back, in no particular order',
    apply(pair) {
      const { ours, theirs } = pair;
      if (JSON.stringify(ours.frames) === JSON.stringify(theirs.frames)) return false;
      if (excess(ours.frames, theirs.frames).length + excess(theirs.frames, ours.frames).length > 0) return false;
      sortByMoment(pair);
      return true;
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
      sortByMoment(pair);
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
      if (first?.side !== 'theirs' || !isUnsubscribe(first.frame)) return false;
      const { [ridOf(first.frame)]: kept } = pair.ours.cache;
      const later = excess(pair.ours.frames, pair.theirs.frames).some(({ method }) => method === first.frame.method);
      return (later || (kept?.subscribed > 0 && kept.direct === 0)) && pair.end();
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

  'get by call': {
    why: 'who waits for a resource has it when a call is answered with it, and need not wait for its own answer',
    apply({ ours, theirs }, memory) {
      const early = (memory.early ??= new Set());
      takeOut(theirs.outcomes, ([number]) => early.has(number));
      const brought = theirs.outcomes.map(([, , value]) => JSON.stringify(value));
      const settled = theirs.outcomes.map(([number]) => number);
      return takeOut(ours.outcomes, ([number, how, value]) => {
        if (how !== 'resolved' || settled.includes(number)) return false;
        return brought.includes(JSON.stringify(value)) && Boolean(early.add(number));
      });
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
      const { ours, theirs } = pair;
      const failed = ours.outcomes
        .filter(([, how, value]) => how === 'resolved' && value?.error)
        .map(([, , { error }]) => error);
      const given = (rid) => ours.frames.some(({ method }) => method === `unsubscribe.${rid}`);
      const fewer = (rid) => ours.cache[rid]?.subscribed < theirs.cache[rid]?.subscribed;
      return failed.some((rid) => given(rid) || fewer(rid)) && pair.end();
    },
  },
};

/** What comes of requests of one moment comes in the order they are answered, too. */
function sortByMoment(pair) {
  // One client may have let go of a resource and got it anew that the other one has kept.
  pair.forgetNumbers();
  const request = ({ at, method }) => `${String(at).padStart(9)} ${method}`;
  const target = (event) => JSON.stringify([event.target, event.data?.error]);
  for (const { frames, events } of [pair.ours, pair.theirs]) {
    frames.sort((a, b) => (request(a) < request(b) ? -1 : 1));
    events.sort((a, b) => target(a).localeCompare(target(b)));
  }
}
