/** What is wrong with what was asked for, said to the person who asked. */
export class Complaint extends Error {
  constructor(
    message: string,
    /** Whether the command was called in a way it cannot be. */
    readonly isMisuse = false,
  ) {
    super(message);
  }
}

export const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));
