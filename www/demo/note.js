/** Shows a sentence; an element without one is not seen. */
export function note(element, sentence = '') {
  element.textContent = sentence;
}

/** What went wrong, as a sentence for the person: the service's own, or that there was nobody to ask. */
export function reason(error) {
  if (isUnreachable(error)) return 'Not sent: there is no connection. Try again when it is back.';
  return error.message || String(error);
}

/** Whether the request never reached the gateway, or its answer was lost with the connection. */
export const isUnreachable = (error) => UNREACHABLE.has(error.code);

const UNREACHABLE = new Set(['system.connectionError', 'system.disconnect']);
