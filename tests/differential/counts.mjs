import { STEP_KINDS } from './script.mjs';
import { rules } from './rules.mjs';

/** How often what occurred, so that a test that has come to test nothing is found out. */
export class Counts {
  /** Steps of each kind that were compared. */
  steps = new Map(STEP_KINDS.map((kind) => [kind, 0]));
  /** What clients did, as far as both did. */
  effects = new Map(EFFECTS.map((effect) => [effect, 0]));
  /** Steps a rule applied to. */
  rules = new Map(Object.keys(rules).map((id) => [id, 0]));
  conversations = 0;
  /** Those that were compared to the end. */
  compared = 0;

  get missingSteps() {
    return missing(this.steps);
  }

  get missingEffects() {
    return missing(this.effects);
  }

  /** Rules that never applied, but for those that have to go anyway. */
  get missingRules() {
    return missing(this.rules).filter((id) => !rules[id].temporary);
  }

  /** Notes what happened in a step that was compared. */
  note(step, record) {
    if (!STEP_KINDS.includes(step.kind)) return;
    add(this.steps, step.kind, 1);
    for (const { event } of record.events) add(this.effects, `heard ${event.slice(event.lastIndexOf('.') + 1)}`, 1);
    for (const { method } of record.frames) add(this.effects, `sent ${method.split('.', 1)[0]}`, 1);
    for (const [, how] of record.outcomes) add(this.effects, how, 1);
  }

  toString() {
    const table = (title, map) =>
      `${title}\n${[...map].map(([name, n]) => `  ${String(n).padStart(8)} ${name}`).join('\n')}`;
    return [
      `${this.conversations} conversations, ${this.compared} of them compared to the end`,
      table('steps', this.steps),
      table('effects', this.effects),
      table('rules', this.rules),
    ].join('\n');
  }
}

const EFFECTS = [
  ...['connect', 'disconnect', 'connectError', 'error', 'change', 'add', 'remove', 'ping', 'delete', 'unsubscribe'].map(
    (e) => `heard ${e}`,
  ),
  ...['version', 'subscribe', 'unsubscribe', 'call', 'auth', 'new'].map((action) => `sent ${action}`),
  'resolved',
  'rejected',
];
const missing = (map) => [...map].filter(([, n]) => n === 0).map(([name]) => name);
const add = (map, key, n) => map.set(key, (map.get(key) ?? 0) + n);
