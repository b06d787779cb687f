/** Runs what may fail by the application's doing; a failure is logged, and what comes after goes on. */
export function safely(run: () => void): void {
  try {
    run();
  } catch (error) {
    log(error);
  }
}

/** Logs a failure. The application's `console` may fail too, and there is nothing left to tell that to. */
export function log(...failure: unknown[]): void {
  try {
    console.error(...failure);
  } catch {
    // Then nobody hears of it.
  }
}
