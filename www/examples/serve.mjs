// What the services of the examples share: the few things that every service over NATS does. Copy it with them.

/** An error as a client gets it. */
export class ResError extends Error {
  constructor(code, message) {
    super(message);
    this.code = code;
  }
}

export const NOT_FOUND = new ResError('system.notFound', 'Not found');
export const invalidParams = (message) => new ResError('system.invalidParams', message);

/**
 * Answers the requests on a subject with what `handler(request, subject)` returns, an object with `result` or `resource`, or
 * with the error it throws.
 *
 * What a handler without `await` reads, changes and publishes is one step: its answer is on the way before another request is
 * looked at. That order is what lets a gateway fit a value and the events after it together, so nothing is awaited here either.
 * And nothing is thrown from here: the nats package would read no more of its connection.
 */
export function serve(nats, subject, handler) {
  const callback = (error, message) => {
    if (error) return console.error(error);
    const respond = (answer) => message.respond(JSON.stringify(answer));
    const refuse = (error) => respond({ error: described(error) });
    try {
      const answer = handler(message.json(), message.subject);
      if (answer instanceof Promise) answer.then(respond).catch(refuse);
      else respond(answer);
    } catch (error) {
      refuse(error);
    }
  };
  nats.subscribe(subject, { callback });
}

/** Sends an event of a resource. */
export function emit(nats, rid, event, data) {
  nats.publish(`event.${rid}.${event}`, data === undefined ? '' : JSON.stringify(data));
}

/** Sets the token of a client's connection, which comes with all it asks for; null takes it away. */
export function setToken(nats, cid, token, tid) {
  nats.publish(`conn.${cid}.token`, JSON.stringify({ token, tid }));
}

/**
 * Tells gateways that the service is there: they fetch anew what they have of it, and ask who may. It is told again after the
 * connection was lost, since nobody knows which events were lost with it.
 */
export function reset(nats, ...resources) {
  const say = () => nats.publish('system.reset', JSON.stringify({ resources, access: resources }));
  say();
  void (async () => {
    for await (const { type } of nats.status()) if (type === 'reconnect') say();
  })();
}

function described(error) {
  if (error instanceof ResError) return { code: error.code, message: error.message };
  // The client is told no more than that: what went wrong is for whoever runs the service.
  console.error(error);
  return { code: 'system.internalError', message: 'Internal error' };
}
