/** What happened in one step, at one client. */
export class Record {
  /** Requests sent, with the time in milliseconds. */
  frames = [];
  /** Calls of handlers, in order. */
  events = [];
  /** What became of promises: number of the step that made it, how it ended, with what. */
  outcomes = [];
  /** What methods answered or threw at once. */
  answers = [];
  /** Exceptions that reached the socket or nobody, and what was written to `console.error`. */
  faults = [];
  /** Everything cached after the step, by resource ID. */
  cache = {};
  /** What everything cached reads as after the step; undefined if nothing was read. */
  values = undefined;

  fault(where, error) {
    this.faults.push(`${where}: ${error instanceof Error ? `${error.name}: ${error.message}` : JSON.stringify(error)}`);
  }
}
