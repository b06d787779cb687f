/** A model or a collection, as far as serialising it goes. */
export interface Serialisable {
  /** Its members or items, with models and collections in them as they are. */
  __content(): Record<string, unknown> | unknown[];
  getResourceId(): string;
}

interface Step {
  readonly node: Serialisable;
  readonly content: Record<string, unknown> | unknown[];
  readonly keys: string[];
  next: number;
}

/**
 * A plain copy of a model or collection with everything it refers to. Where a resource contains itself, the inner one
 * becomes `{"rid":…}`. Does not recurse, so a chain may be long. With `copies`, there is one copy of what is referred to more
 * than once.
 */
export function serialise(
  root: Serialisable,
  isOurs: (value: unknown) => value is Serialisable,
  copies?: Map<Serialisable, object>,
): object {
  const path = new Set<unknown>();
  const steps: Step[] = [];
  const enter = (node: Serialisable) => {
    const content = node.__content();
    steps.push({ node, content, keys: Object.keys(content), next: 0 });
    path.add(node);
    copies?.set(node, content);
    return content;
  };

  const result = enter(root);
  for (let step = steps.at(-1); step; step = steps.at(-1)) {
    const key = step.keys[step.next++];
    if (key === undefined) {
      path.delete(step.node);
      steps.pop();
      continue;
    }
    const content = step.content as Record<string, unknown>;
    const value = content[key];
    if (isOurs(value)) {
      content[key] = path.has(value) ? { rid: value.getResourceId() } : (copies?.get(value) ?? enter(value));
    } else if (hasToJson(value)) {
      content[key] = value.toJSON();
    }
  }
  return result;
}

function hasToJson(value: unknown): value is { toJSON(): unknown } {
  return typeof value === 'object' && value !== null && typeof (value as { toJSON?: unknown }).toJSON === 'function';
}
