import { effectScope, watch } from 'vue';

/** Uses a composable in a scope of its own, and notes every value of some of its refs. */
export function used(use) {
  const scope = effectScope();
  const refs = scope.run(use);
  const log = [];
  const seen = () => log.push([refs.status.value, refs.error.value?.code ?? refs.data.value]);
  scope.run(() => watch([refs.status, refs.data, refs.error], seen, { immediate: true, flush: 'sync' }));
  return { ...refs, log, stop: () => scope.stop() };
}

/** Resolves when a ref has a value that fits. */
export const until = (ref, fits) =>
  new Promise((resolve) => {
    const handle = watch(
      ref,
      (value) => {
        if (!fits(value)) return;
        resolve(value);
        queueMicrotask(() => handle.stop());
      },
      { immediate: true, flush: 'sync' },
    );
  });

/** Whether a value is this one. */
export const is = (value) => (other) => other === value;
