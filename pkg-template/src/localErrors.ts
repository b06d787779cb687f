/** Numbers of errors that did not come over the wire. */
export const enum LocalError {
  Disconnect = 1,
  ConnectionError = 2,
  UnknownError = 3,
  UnsupportedProtocol = 4,
  CacheFull = 5,
  Timeout = 6,
  Internal = 7,
}

export function localError(number: number): { code: string; message: string } {
  const [name, message] = ERRORS[number - 1] ?? ERRORS[LocalError.UnknownError - 1]!;
  return { code: name.includes('.') ? name : `system.${name}`, message };
}

const ERRORS: readonly (readonly [name: string, message: string])[] = [
  ['disconnect', 'Disconnected'],
  ['connectionError', 'Connection error'],
  ['unknownError', 'Unknown error'],
  ['unsupportedProtocol', 'Unsupported protocol'],
  ['resclient.cacheFull', 'Cache full: there are as many resources as the option maxResources allows'],
  ['timeout', 'Request timeout'],
  ['resclient.internalError', 'Internal error: what is held of resources is not kept up to date any more'],
];
