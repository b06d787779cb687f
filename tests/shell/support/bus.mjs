/** Waits until everything emitted so far has been delivered: what is emitted last is delivered last. */
export function delivered(bus) {
  return new Promise((resolve) => {
    const marker = {};
    bus.on(marker, 'delivered', resolve);
    bus.emit(marker, 'delivered');
  }).then(() => {});
}

/** Runs something with `console.error` recorded instead of printed. */
export async function withErrors(run) {
  const original = console.error;
  const errors = [];
  console.error = (...args) => errors.push(args);
  try {
    await run(errors);
  } finally {
    console.error = original;
  }
  return errors;
}
