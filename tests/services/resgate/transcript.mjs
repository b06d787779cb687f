import { isDeepStrictEqual } from 'node:util';

/** The lines of a conversation as groups whose order is promised: each is a list of values under a name. */
export function clientFrames(lines) {
  const groups = new Map();
  for (const { sec, conn, dir, frame } of lines) {
    if (dir !== 'g>c' || LEFT_OUT.includes(sec)) continue;
    // Answers by request, events by resource: across them no order is promised.
    const what = frame.event === undefined ? `answer ${frame.id}` : frame.event.slice(0, frame.event.lastIndexOf('.'));
    add(groups, `${sec}: ${conn} ${what}`, plain(frame));
  }
  return groups;
}

/** What the gateway asks on the bus, by subject, and what the services send, which shows that they were asked the same. */
export function busMessages(lines) {
  const groups = new Map();
  const asked = new Map();
  for (const { sec, dir, subj, reply, payload, raw } of lines) {
    if (dir !== 'nats' || LEFT_OUT.includes(sec)) continue;
    if (reply) asked.set(reply, subj.startsWith('_FIXQ.') ? `_FIXQ ${payload.query}` : subj);
    const subject = asked.has(subj) ? `answer to ${asked.get(subj)}` : subj;
    // Of query requests, each query is of a resource of its own.
    const query = subj.startsWith('_FIXQ.') ? ` ${payload.query}` : '';
    add(groups, `${sec}: ${plain(subject)}${query}`, plain(payload ?? raw));
  }
  return groups;
}

/**
 * Where ours are not theirs, a sentence each. A deviation `{ at, ours, reason }` says what a group is here instead; one that does not
 * occur is complained of too.
 */
export function differences(theirs, ours, deviations) {
  const expected = new Map(theirs);
  const found = [];
  for (const { at, ours: instead } of deviations) {
    if (isDeepStrictEqual(theirs.get(at) ?? [], instead)) found.push(`a deviation that is none: ${at}`);
    expected.set(at, instead);
  }
  for (const name of new Set([...expected.keys(), ...ours.keys()])) {
    const [a, b] = [expected.get(name) ?? [], ours.get(name) ?? []];
    if (!isDeepStrictEqual(a, b))
      found.push(`${name}\n  expected: ${JSON.stringify(a)}\n  ours:     ${JSON.stringify(b)}`);
  }
  return found;
}

/**
 * Without what is another in every run: connection ids, inboxes, times, ports, and the keys of handshakes. Header fields that are
 * about the connection are left out too: this gateway does not hand them on.
 */
function plain(value) {
  if (value === undefined) return undefined;
  const text = JSON.stringify(value)
    .replace(/"(?:Connection|Upgrade)":\["\w+"\],?/g, '')
    .replace(/,\}/g, '}')
    .replace(/"(Sec-Websocket-Key|User-Agent|host|Host|remoteAddr)":(\[)?"[^"]*"/g, '"$1":$2"…"')
    .replace(/_INBOX\.[\w.]+/g, '_INBOX')
    .replace(/_FIXQ\.\w+/g, '_FIXQ')
    .replace(/\b1[78]\d{11}\b/g, '0')
    .replace(/\b(?=\d*[a-v])(?:[0-9a-v]{20}|[0-9a-f]{32})\b/g, 'CID');
  return JSON.parse(text);
}

function add(groups, name, value) {
  if (!groups.has(name)) groups.set(name, []);
  groups.get(name).push(value);
}

/**
 * A frame that Resgate passes over ends the connection here, so that the rest of the section is another; and whether a subscription is
 * answered before it is given back is a matter of time.
 */
const LEFT_OUT = ['silently-ignored', 'unsubscribe-while-pending'];
