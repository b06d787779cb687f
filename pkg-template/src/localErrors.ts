import type { ErrorObject } from './ResError.js';

/** Numbers of errors that did not come over the wire. */
export const enum LocalError {
  Disconnect = 1,
  ConnectionError = 2,
  UnknownError = 3,
  UnsupportedProtocol = 4,
  Timeout = 5,
}

export function localError(number: number): Required<Pick<ErrorObject, 'code' | 'message'>> {
  switch (number) {
    case LocalError.Disconnect:
      return { code: 'system.disconnect', message: 'Disconnected' };
    case LocalError.ConnectionError:
      return { code: 'system.connectionError', message: 'Connection error' };
    case LocalError.UnsupportedProtocol:
      return { code: 'system.unsupportedProtocol', message: 'Unsupported protocol' };
    case LocalError.Timeout:
      return { code: 'system.timeout', message: 'Request timeout' };
    default:
      return { code: 'system.unknownError', message: 'Unknown error' };
  }
}
