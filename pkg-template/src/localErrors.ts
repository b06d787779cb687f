/** Numbers of errors that did not come over the wire. */
export const enum LocalError {
  Disconnect = 1,
  ConnectionError = 2,
  UnknownError = 3,
  UnsupportedProtocol = 4,
  Timeout = 5,
}

export function localError(number: number): { code: string; message: string } {
  const [name, message] = ERRORS[number - 1] ?? ERRORS[LocalError.UnknownError - 1]!;
  return { code: `system.${name}`, message };
}

const ERRORS: readonly (readonly [name: string, message: string])[] = [
  ['disconnect', 'Disconnected'],
  ['connectionError', 'Connection error'],
  ['unknownError', 'Unknown error'],
  ['unsupportedProtocol', 'Unsupported protocol'],
  ['timeout', 'Request timeout'],
];
