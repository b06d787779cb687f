// Values of the protocol: how they are shown, written down and read.

import { element } from './dom.js';

/** The resource that a value refers to, or `undefined`. */
export function reference(value) {
  return typeof value?.rid === 'string' ? value.rid : undefined;
}

/** The address of a resource on this page. */
export function address(rid) {
  return `#${encodeURI(rid)}`;
}

/** A value to look at. Of what a reference leads to, `resource` is shown in a line, where it is there. */
export function shown(value, resource) {
  const rid = reference(value);
  if (rid === undefined) {
    const isData = isObject(value);
    const text = isData ? JSON.stringify(value.data, null, 1) : JSON.stringify(value);
    const short = text.length < 80 ? text.replace(/\n\s*/g, ' ') : text;
    return [element('span', { class: `json ${isData ? 'data' : typeof value}` }, short)];
  }
  const link = element('a', { href: address(rid), class: 'reference' }, rid);
  if (value.soft) {
    const tag = element('span', { class: 'tag', title: 'It is not loaded with this resource' }, 'soft');
    return [element('span', {}, link, tag)];
  }
  if (resource?.kind === 'error') return [link, element('span', { class: 'broken' }, resource.value.message)];
  return resource ? [link, element('span', { class: 'preview' }, JSON.stringify(resource.value))] : [link];
}

/** What a value is edited as: JSON, or the text itself where that is read as the same value. */
export function written(value) {
  if (typeof value === 'string' && isPlain(value)) return value;
  const isWrapped = isObject(value) && isObject(value.data);
  return isWrapped ? JSON.stringify(value.data, null, 2) : JSON.stringify(value);
}

/**
 * The value that a text stands for: what is no JSON is a text itself, and objects and arrays are wrapped as data. Throws a
 * sentence where the text begins as JSON does and is none.
 */
export function read(text) {
  const json = parsed(text.trim());
  if (json === undefined) {
    const first = text.trim()[0];
    if (!['{', '[', '"'].includes(first)) return text;
    throw new Error(`This begins with ${first} and is no JSON. Put a text in quotes to have it as it stands.`);
  }
  const isValue = !isObject(json) || reference(json) !== undefined || 'data' in json || 'action' in json;
  return isValue ? json : { data: json };
}

/** Parameters of a call, which may be left out. Throws a sentence where they are no JSON. */
export function readParams(text) {
  if (!text.trim()) return undefined;
  const json = parsed(text);
  if (json === undefined) throw new Error('The parameters are no JSON, such as {"name": "value"}.');
  return json;
}

function isObject(value) {
  return typeof value === 'object' && value !== null;
}

function isPlain(text) {
  try {
    return read(text) === text;
  } catch {
    return false;
  }
}

function parsed(text) {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
