const PATIENCE = 10_000;

/** Waits until `condition()` is true, or what it promises is; gives that. What it throws counts as not yet. */
export async function until(condition, patience = PATIENCE) {
  const end = performance.now() + patience;
  let last;
  for (;;) {
    try {
      last = await condition();
      if (last) return last;
    } catch (error) {
      last = error;
    }
    if (performance.now() > end) throw new Error(`waited for ${condition}; at last it gave ${last}`, { cause: last });
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

/** The data of the first event of this name that a resource has from now on. */
export function first(resource, event) {
  return within(new Promise((resolve) => resource.on(event, resolve)), `a ${event} event`);
}

/** What is promised, unless it takes so long that it never comes. */
export async function within(promise, what, patience = PATIENCE) {
  let timer;
  const late = new Promise((_resolve, reject) => {
    timer = setTimeout(() => reject(new Error(`waited in vain for ${what}`)), patience);
  });
  return Promise.race([promise, late]).finally(() => clearTimeout(timer));
}
