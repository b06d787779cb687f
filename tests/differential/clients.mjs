import { EventBus as TheirBus } from 'modapp-eventbus';
import { createRequire } from 'node:module';
import { isDeepStrictEqual } from 'node:util';
import resclient from 'resclient';

// It is published as CommonJS, so that one of its parts can be watched: what it takes for equal.
const comparison = createRequire(import.meta.url)('resclient/lib/class/equal.js');
const { default: equal } = comparison;
let judge = () => {};
comparison.default = (a, b) => {
  const answer = equal(a, b);
  judge(a, b, answer);
  return answer;
};

function isSame(a, b) {
  if (a === b) return true;
  if (typeof a?.equals === 'function' || typeof b?.equals === 'function') return a?.rid === b?.rid;
  return !a?.getResourceId && !b?.getResourceId && isDeepStrictEqual(a, b);
}

const describe = (value) => value?.getResourceId?.() ?? value;

const { default: TheirClient } = resclient;
const { default: OurClient, EventBus: OurBus, ResCollection, ResModel } = await import('../../pkg/index.js');

/**
 * Delays in milliseconds, for both clients. When they try to connect again differs on purpose, so they are made to do it at once, and
 * the conversation says when that succeeds.
 */
const OPTIONS = { unsubscribeDelay: 5000, subscribeStaleDelay: 2000, subscribeRetryDelay: 10000, reconnectDelay: 0 };

/** Has resources made by factories of the application. */
function register(client, patterns, Model, Collection) {
  class OwnModel extends Model {}
  class OwnCollection extends Collection {}
  for (const pattern of patterns) {
    client.registerModelType(pattern, (api, rid) => new OwnModel(api, rid));
    client.registerCollectionType(pattern, (api, rid) => new OwnCollection(api, rid));
  }
}

/** This package. */
export const ours = {
  name: 'ours',
  make: (factory) =>
    new OurClient(factory, {
      ...OPTIONS,
      reconnectDelayMax: 0,
      handshakeTimeout: 1e9,
      heartbeatInterval: 0,
      eventBus: new OurBus(),
    }),
  register: (client, patterns) => register(client, patterns, ResModel, ResCollection),
  cached: (client, rid) => client.getCached(rid),
  /** Everything cached, by resource ID. */
  cache(client) {
    const counts = ({ kind, direct, indirect, subscribed }) => ({ kind, direct, indirect, subscribed });
    return Object.fromEntries(client.inspect().resources.map((resource) => [resource.rid, counts(resource)]));
  },
};

/** The package this one takes the place of. */
export const theirs = {
  name: 'theirs',
  /** `report` is told of faults that would go unnoticed. */
  make(factory, report) {
    const client = new TheirClient(factory, { ...OPTIONS, eventBus: new TheirBus() });
    const { _cacheResources: apply } = client;
    client._cacheResources = (set) => {
      try {
        return apply.call(client, set);
      } catch (error) {
        report('resource set', error);
        throw error;
      }
    };
    const { _deleteRef: drop } = client;
    client._deleteRef = (item) => {
      if (client.cache[item.rid] !== item) report('dropped twice', item.rid);
      drop.call(client, item);
    };
    judge = (a, b, answer) => answer && !isSame(a, b) && report('equal', [describe(a), describe(b)]);
    return client;
  },
  register: (client, patterns) => register(client, patterns, resclient.ResModel, resclient.ResCollection),
  cached: (client, rid) => client.cache[rid]?.item ?? undefined,
  cache(client) {
    const counts = ({ type: kind, direct, indirect, subscribed }) => ({
      kind: kind ?? 'loading',
      direct,
      indirect,
      subscribed,
    });
    return Object.fromEntries(Object.entries(client.cache).map(([rid, item]) => [rid, counts(item)]));
  },
};
