/**
 * The shortest conversation found that still fails in the same way, by leaving out steps, resources and their values. `fails` says of
 * a conversation whether it does.
 */
export async function shrink(conversation, fails) {
  let best = conversation;
  const attempt = async (smaller) => {
    if (!(await fails(smaller))) return false;
    best = smaller;
    return true;
  };
  for (let before = Infinity; size(best) < before;) {
    before = size(best);
    for (let length = best.steps.length; length >= 1; length = Math.floor(length / 2)) {
      for (let at = 0; at + length <= best.steps.length;) {
        const steps = best.steps.toSpliced(at, length);
        if (!(await attempt({ ...best, steps }))) at += length;
      }
    }
    for (const smaller of simpler(best)) {
      const changed = smaller(best);
      if (changed && size(changed) < size(best)) await attempt(changed);
    }
  }
  return best;
}

/** Ways to take something out of a conversation, each a function of the conversation as it has become meanwhile. */
function* simpler({ resources, steps, lazy }) {
  if (lazy) yield (now) => ({ ...now, lazy: false });
  for (const [rid, { model, collection }] of Object.entries(resources)) {
    const replaced = (resource) => (now) => ({ ...now, resources: { ...now.resources, [rid]: resource } });
    yield replaced({ missing: true });
    for (const key of Object.keys(model ?? {}).reverse()) {
      yield (now) => {
        return replaced({ model: without(now.resources[rid].model ?? {}, key) })(now);
      };
    }
    for (let at = (collection ?? []).length - 1; at >= 0; at--) {
      yield (now) => replaced({ collection: (now.resources[rid].collection ?? []).toSpliced(at, 1) })(now);
    }
  }
  for (const { number, values } of steps) {
    for (const key of Object.keys(values ?? {})) {
      yield (now) => ({
        ...now,
        steps: now.steps.map((step) => {
          if (step.number !== number) return step;
          return { ...step, values: without(step.values, key) };
        }),
      });
    }
  }
}

const without = (object, key) => Object.fromEntries(Object.entries(object).filter(([name]) => name !== key));

/** What is missing counts for nothing, so that it is less than an empty resource. */
const size = (conversation) => JSON.stringify(conversation).replaceAll('{"missing":true}', '').length;
