import { delivered } from './bus.mjs';
import { Gateway } from './gateway.mjs';

export const { default: ResClient, ...exported } = await import('../../../pkg/index.js');

/** A client with a bus of its own and short delays, and the gateway it is connected to. */
export function connected(resources, options) {
  const gateway = new Gateway(resources);
  const eventBus = new exported.EventBus();
  const client = new ResClient(gateway.factory, {
    eventBus,
    reconnectDelay: 1,
    reconnectDelayMax: 1,
    unsubscribeDelay: 1,
    subscribeStaleDelay: 1,
    subscribeRetryDelay: 1,
    ...options,
  });
  return { client, gateway, delivered: () => delivered(eventBus) };
}

/** Resolves with the data of the next event. */
export function next(emitter, event) {
  return new Promise((resolve) => {
    const handler = (data) => {
      emitter.off(event, handler);
      resolve(data);
    };
    emitter.on(event, handler);
  });
}

/** Records the events of a client, a model or a collection. */
export function recorded(emitter, events) {
  const log = [];
  emitter.on(events, (data, _target, event, action) =>
    log.push([action ?? event.slice(event.lastIndexOf('.') + 1), data]),
  );
  return log;
}
