/** Runs what may fail by the application's doing; a failure is logged, and what comes after goes on. */
export function safely(run: () => void): void {
  try {
    run();
  } catch (error) {
    console.error(error);
  }
}
