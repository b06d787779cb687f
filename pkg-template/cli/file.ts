import { readFileSync } from 'node:fs';
import { Complaint, messageOf } from './Complaint.js';
import { isObject, isReference, type Reading, type Resources } from './resources.js';

/** Reads a JSON file of resources, as `res-gateway --resources` serves it: those named and what they refer to, or all. */
export function readFile(path: string, rids: string[]): Reading {
  const all = parsed(path);
  const reading: Reading = { resources: new Map(), missing: [], notes: [] };
  const queue: { rid: string; from?: string }[] = (rids.length > 0 ? rids : [...all.keys()]).map((rid) => ({ rid }));
  for (const { rid, from } of queue) {
    const resource = all.get(rid);
    if (!resource) {
      if (from === undefined) reading.missing.push(`${rid} is not in ${path}`);
      else reading.notes.push(`${rid}, to which ${from} refers, is not in ${path}`);
    } else if (!reading.resources.has(rid)) {
      reading.resources.set(rid, resource);
      for (const value of Object.values(resource)) if (isReference(value)) queue.push({ rid: value.rid, from: rid });
    }
  }
  return reading;
}

function parsed(path: string): Resources {
  let file: unknown;
  try {
    // Editors may begin a file with a byte order mark, which is not JSON.
    file = JSON.parse(readFileSync(path, 'utf8').replace(/^\ufeff/, ''));
  } catch (error) {
    const hint = path.includes(':') ? '; the URL of a gateway begins with ws:// or wss://' : '';
    throw new Complaint(`Cannot read ${path}: ${messageOf(error)}${hint}`);
  }
  if (!isObject(file)) throw new Complaint(`${path} has to be one JSON object of resources`);
  const resources: Resources = new Map();
  for (const [rid, resource] of Object.entries(file)) {
    if (!isObject(resource) && !Array.isArray(resource)) {
      throw new Complaint(`${path}: ${rid} has to be an object (a model) or an array (a collection)`);
    }
    resources.set(rid, resource);
  }
  return resources;
}
