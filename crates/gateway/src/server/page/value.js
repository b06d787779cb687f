// Values of the protocol: how they are shown, written down and read.

import { element } from './dom.js';

/** The resource that a value refers to, or `undefined`. */
export function reference(value) {
  return typeof value?.rid === 'string' ? value.rid : undefined;
}

/** The address of a resource on this page. Half of a character, which no name has, is one that stands for it. */
export function address(rid) {
  return `#${encodeURI(rid.toWellFormed())}`;
}

/** A value to look at. Of what a reference leads to, `resource` is shown in a line, where it is there. */
export function shown(value, resource) {
  const rid = reference(value);
  if (rid === undefined) {
    const isData = isObject(value);
    const text = isData ? JSON.stringify(value.data, null, 1) : JSON.stringify(value);
    const short = text.length < 80 ? text.replace(/\n\s*/g, ' ') : text;
    return [
      element('span', { class: `json ${isData ? 'data' : JSON.isRawJSON?.(value) ? 'number' : typeof value}` }, short),
    ];
  }
  const link = element('a', { href: address(rid), class: 'reference' }, rid);
  if (value.soft) {
    const tag = element('span', { class: 'tag', title: 'It is not loaded with this resource' }, 'soft');
    return [element('span', {}, link, tag)];
  }
  if (resource?.kind === 'error') return [link, element('span', { class: 'broken' }, resource.value.message)];
  return resource ? [link, element('span', { class: 'preview' }, JSON.stringify(resource.value))] : [link];
}

/** What a value is edited as: JSON, or the text or the data itself where that is read as the same value. */
export function written(value) {
  if (typeof value === 'string' && isPlain(value)) return value;
  if (!isObject(value?.data)) return JSON.stringify(value);
  const isOnlyData = Object.keys(value).length === 1 && !isOfProtocol(value.data);
  return JSON.stringify(isOnlyData ? value.data : value, null, 2);
}

/**
 * The value that a text stands for, so that what was `written` is the value again: what is no JSON is a text itself, and
 * objects and arrays are wrapped as data. Throws a sentence where the text begins as JSON does and is none.
 */
export function read(text) {
  const json = typed(text.trim());
  if (json === undefined) {
    const first = text.trim()[0];
    if (!['{', '[', '"'].includes(first)) return text;
    throw new Error(`This begins with ${first} and is no JSON. Put a text in quotes to have it as it stands.`);
  }
  return !isObject(json) || isOfProtocol(json) ? json : { data: json };
}

/** Parameters of a call, which may be left out. Throws a sentence where they are no JSON. */
export function readParams(text) {
  if (!text.trim()) return undefined;
  const json = typed(text);
  if (json === undefined) throw new Error('The parameters are no JSON, such as {"name": "value"}.');
  return json;
}

/** JSON. Numbers that JavaScript would write in another way are kept as they stand, such as integers of 64 bits. */
export function parse(text) {
  return JSON.parse(text, (_, value, context) => {
    const isKept = typeof value !== 'number' || !JSON.rawJSON || String(value) === context.source;
    return isKept ? value : JSON.rawJSON(context.source);
  });
}

/** Whether it is an object or an array, and no number that is kept as it stands. */
export function isObject(value) {
  return typeof value === 'object' && value !== null && !JSON.isRawJSON?.(value);
}

/** Whether an object would be taken for a value of the protocol if it was not wrapped as data. */
function isOfProtocol(object) {
  return ['data', 'rid', 'action'].some((name) => Object.hasOwn(object, name));
}

function isPlain(text) {
  // A field makes one line break of each of these.
  if (text.includes('\r')) return false;
  try {
    return read(text) === text;
  } catch {
    return false;
  }
}

/** JSON that is to be sent, or `undefined`. Throws a sentence where a browser without exact numbers has rounded one. */
function typed(text) {
  let rounded;
  const check = (_, value) => {
    if (typeof value === 'number' && !Number.isSafeInteger(Math.trunc(value))) rounded = value;
    return value;
  };
  try {
    const json = parse(text);
    if (!JSON.rawJSON) JSON.parse(text, check);
    if (rounded === undefined) return json;
  } catch {
    return undefined;
  }
  throw new Error(`This browser cannot tell ${rounded} from the numbers beside it, and does not send it.`);
}
