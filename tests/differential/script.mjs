import { references } from './service.mjs';
import { random } from '../shell/support/random.mjs';

/**
 * A conversation made up from a seed: what the service has at first (`resources`), and what happens then (`steps`). The gateway speaks
 * `protocol`. Resources are read only now and then if it is `lazy`, the events of all are heard if `heard`, some are of classes of the
 * application if `typed`, and with a `hook` something is called on every connection before it is used.
 */
export function conversation(seed) {
  const dice = random(seed);
  const { below, pick } = dice;
  const protocol = pick(PROTOCOLS);
  const maker = new Maker(dice, protocol);
  const resources = Object.fromEntries(RIDS.map((rid) => [rid, maker.resource(rid)]));
  // Resources that contain themselves and look alike.
  if (below(12) === 0) for (const rid of ['a', 'g']) resources[rid] = { model: { x: { rid } } };
  const steps = [{ kind: 'connect' }, { kind: 'deliver' }].slice(below(10) ? 0 : 2);
  maker.resources = resources;
  const length = 12 + below(40);
  for (let roots = 1 + below(2); roots > 0; roots--) steps.push(...use(maker, maker.asked(maker.rid)));
  const rough = below(5) === 0;
  while (steps.length < length) {
    const drawn = [maker.step()].flat();
    steps.push(...(rough ? drawn.map((step) => maker.roughly(step)) : drawn));
  }
  // Answers of calls and names of methods are found by number, and numbers have to stay when steps are dropped.
  steps.forEach((step, number) => (step.number = number));
  const one = (outOf) => below(outOf) === 0;
  return { seed, protocol, lazy: one(2), heard: one(4), typed: one(6), hook: one(8), resources, steps };
}

/** Makes values, resources and steps. */
class Maker {
  resources = {};
  #known = [];

  constructor(dice, protocol) {
    this.dice = dice;
    /** Older gateways send neither soft references nor data values. */
    this.plain = protocol !== PROTOCOLS[0];
    const total = STEPS.reduce((sum, [weight]) => sum + weight, 0);
    this.drawn = () => {
      let left = dice.below(total);
      return STEPS.find(([weight]) => (left -= weight) < 0)[1];
    };
  }

  step() {
    return this.drawn()(this);
  }

  /** Where the network is slow, what is sent arrives piece by piece. */
  roughly(step) {
    const { below } = this.dice;
    if (step.kind !== 'deliver' || below(4) === 0) return step;
    return [
      { kind: 'toGateway', frames: 1 + below(4) },
      { kind: 'complete', which: below(4) },
      { kind: 'toClient', frames: 1 + below(2) },
    ][below(3)];
  }

  get rid() {
    return this.dice.pick(RIDS);
  }

  /** A resource the client may well have. */
  get known() {
    return this.#known.length > 0 && this.dice.below(6) > 0 ? this.dice.pick(this.#known) : this.rid;
  }

  /** Notes that the client asks for a resource, and so for all it refers to. */
  asked(rid) {
    const reached = new Set([rid]);
    for (const other of reached) for (const next of references(this.resources[other])) reached.add(next);
    // The one asked for is the likeliest to be talked about, and what was asked for last.
    this.#known.push(rid, rid, ...reached);
    this.#known.splice(0, Math.max(0, this.#known.length - 12));
    return rid;
  }

  /** A change of a resource by its service, mostly one that fits what the resource was at first. */
  mutation(rid) {
    const { below, pick } = this.dice;
    const isModel = Boolean(this.resources[rid].model) === below(12) > 0;
    if (isModel) return { kind: 'change', rid, values: this.values(), noop: below(5) === 0 };
    return pick([
      { kind: 'add', rid, idx: below(5), value: this.value() },
      { kind: 'remove', rid, idx: below(5) },
      { kind: 'move', rid, from: below(5), to: below(5) },
    ]);
  }

  several(most, make) {
    return Array.from({ length: 1 + this.dice.below(most) }, make);
  }

  resource(rid) {
    const { below } = this.dice;
    if (below(8) === 0) return { missing: true };
    const values = Array.from({ length: below(5) }, () => this.value());
    // A resource keeps its kind mostly, as it does with a service.
    const isModel = (RIDS.indexOf(rid) % 2 === 0) === below(12) > 0;
    if (!isModel) return { collection: values };
    return { model: Object.fromEntries(values.map((value) => this.member(value))) };
  }

  /** A member of a model. What the members of a model's object have to keep clear of refers to nothing. */
  member(value) {
    const { below, pick } = this.dice;
    if (below(6) > 0) return [pick(KEYS), value];
    return [pick(TAKEN), typeof value === 'object' ? below(3) : value];
  }

  value() {
    const { below, pick } = this.dice;
    switch (this.plain && below(2) ? below(5) : below(12)) {
      case 0:
      case 1:
      case 2:
      case 3:
      case 4:
        return { rid: this.rid };
      case 5:
        if (this.plain) return 5;
        return { rid: this.rid, soft: true };
      case 6:
        if (this.plain) return 6;
        return { data: pick([{ n: below(3) }, { n: [below(2), { rid: RIDS[0] }] }, [below(2)], [], {}]) };
      case 7:
        if (this.plain) return 7;
        return { data: below(3) };
      case 8:
        return pick([null, true, false, '']);
      case 9:
        return pick(TEXTS);
      default:
        return below(3) ? below(4) : pick(NUMBERS);
    }
  }

  values() {
    const values = {};
    for (let left = 1 + this.dice.below(3); left > 0; left--) {
      const [key, value] = this.member(this.value());
      values[key] = this.dice.below(4) === 0 ? { action: 'delete' } : value;
    }
    return values;
  }

  answer() {
    const { below, pick } = this.dice;
    switch (below(5)) {
      case 0:
        return {
          error: { code: pick(['service.failed', 'system.methodNotFound']), message: 'Failed', data: below(3) },
        };
      case 1:
      case 2:
        return { resource: this.rid, evenMissing: below(8) === 0 };
      default:
        return { payload: pick([null, 0, '', 'text', { a: [1] }, [2], false]) };
    }
  }

  params() {
    return this.dice.pick([undefined, null, 0, false, '', 1, 'text', [1], { a: { b: [null] } }]);
  }
}

/** What may happen, and how often as compared with the others. */
const STEPS = [
  // The application.
  [8, (m) => ({ kind: 'get', rid: m.asked(m.rid) })],
  [4, (m) => ({ kind: 'get', rid: m.asked(m.known) })],
  [8, (m) => ({ kind: 'on', rid: m.known, events: m.dice.pick(EVENTS) })],
  [4, (m) => use(m, m.asked(m.rid))],
  [7, (m) => ({ kind: 'off', which: m.dice.below(8) })],
  [1, (m) => (m.dice.below(4) ? m.step() : { kind: 'offPart', which: m.dice.below(8) })],
  [1, (m) => ({ kind: 'onOld', rid: m.known })],
  [3, (m) => ({ kind: 'call', rid: m.rid, params: m.params(), answer: m.answer() })],
  [1, (m) => ({ kind: 'auth', rid: m.rid, params: m.params(), answer: m.answer() })],
  [1, (m) => ({ kind: 'create', rid: m.rid, resource: m.rid, evenMissing: m.dice.below(8) === 0 })],
  [2, (m) => ({ kind: 'set', rid: m.known, values: m.values() })],
  [1, (m) => ({ kind: 'soft', rid: m.known })],
  [3, () => ({ kind: 'read' })],
  [1, () => ({ kind: 'connect' })],
  // The service.
  [24, (m) => m.mutation(m.known)],
  [3, (m) => ({ kind: 'custom', rid: m.known, event: m.dice.pick(['ping', 'values']), data: m.dice.pick(DATA) })],
  [1, (m) => ({ kind: 'delete', rid: m.known })],
  [2, (m) => ({ kind: 'remake', rid: m.rid, resource: m.resource(m.rid) })],
  [1, (m) => ({ kind: 'revoke', rid: m.known })],
  [1, (m) => ({ kind: 'grant', rid: m.rid })],
  // The network, and time.
  [2, (m) => ({ kind: 'toGateway', frames: 1 + m.dice.below(3) })],
  [2, (m) => ({ kind: 'complete', which: m.dice.below(4) })],
  [2, (m) => ({ kind: 'toClient', frames: 1 + m.dice.below(3) })],
  [24, () => ({ kind: 'deliver' })],
  [1, () => ({ kind: 'open' })],
  [1, () => ({ kind: 'lose' })],
  [1, () => ({ kind: 'down' })],
  [2, () => ({ kind: 'up' })],
  [2, (m) => outage(m)],
  [1, (m) => slow(m, m.asked(m.rid))],
  [1, (m) => (m.dice.below(3) ? m.step() : { kind: 'disconnect' })],
  [4, (m) => ({ kind: 'wait', ms: m.dice.pick([100, 2000, 5000, 12000]), cut: m.dice.below(3) === 0 })],
];

/** A resource is asked for and listened to. */
const use = (m, rid) => [
  { kind: 'get', rid },
  { kind: 'deliver' },
  ...m.several(2, () => ({ kind: 'on', rid: m.dice.below(3) ? rid : m.known, events: m.dice.pick(EVENTS) })),
];

/** The connection is lost, the service goes on, and the connection is there again. */
const outage = (m) => [
  { kind: 'down' },
  ...m.several(8, () => m.mutation(m.known)),
  { kind: 'up' },
  { kind: 'deliver' },
];

/** A resource is given back while other things happen to it, and what is sent takes longer than that. */
const slow = (m, rid) => [
  { kind: 'get', rid },
  { kind: 'deliver' },
  m.dice.pick([
    { kind: 'call', rid: m.rid, params: undefined, answer: { resource: rid, evenMissing: false } },
    { kind: 'revoke', rid },
    { kind: 'get', rid: m.rid },
    { kind: 'change', rid, values: { x: { rid: m.asked(m.rid) } }, noop: false },
  ]),
  { kind: 'toGateway', frames: 4 },
  m.dice.pick([
    { kind: 'complete', which: 0 },
    { kind: 'get', rid: m.known },
  ]),
  { kind: 'toClient', frames: m.dice.below(3) },
  { kind: 'wait', ms: 5000, cut: true },
  m.dice.pick([
    { kind: 'revoke', rid },
    { kind: 'get', rid },
    { kind: 'on', rid, events: null },
  ]),
  { kind: 'deliver' },
];

/** Every kind of step there is, as {@link Side} takes it. */
export const STEP_KINDS = [
  ...['get', 'on', 'off', 'offPart', 'onOld', 'call', 'auth', 'create', 'set', 'soft', 'read', 'connect', 'disconnect'],
  ...['change', 'add', 'remove', 'move', 'custom', 'delete', 'remake', 'revoke', 'grant'],
  ...['toGateway', 'complete', 'toClient', 'deliver', 'open', 'lose', 'down', 'up', 'wait'],
];

export const RIDS = ['a', 'b.c', 'd.e.f', 'g', 'h.i?q=1', 'j', 'k.l'];
const KEYS = ['x', 'y', 'z', 'w', 'x', 'y', 'z', 'w', 'k"ey ö'];
const TEXTS = ['a', 'b " \\', 'ö', '\u{1f600}\n', 'x'.repeat(20), '"'.repeat(1500)];
const NUMBERS = [-1, 1.5, 1e21, 2 ** 53, 12345678901, 1e-7];
const TAKEN = ['_v', 'on', 'props'];
const PROTOCOLS = ['1.2.3', '1.2.3', '1.2.3', '1.2.3', '1.2.3', '1.2.3', '1.2.0', '1.1.1'];
const DATA = [null, 1, { values: [1] }];
const EVENTS = [
  undefined,
  null,
  null,
  'change',
  'add',
  'add remove',
  'change add remove',
  'change unsubscribe',
  'ping',
  'unsubscribe delete',
];
