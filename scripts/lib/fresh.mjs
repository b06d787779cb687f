import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { stamps } from './places.mjs';

/**
 * Does `make` unless nothing it reads has changed since it last succeeded: `inputs` are files, folders and plain words
 * (such as the version of a tool), `outputs` must still exist.
 */
export async function unlessFresh(name, inputs, outputs, make) {
  const stamp = join(stamps, name);
  const now = fingerprint(inputs);
  const known = existsSync(stamp) ? readFileSync(stamp, 'utf8') : '';
  if (known === now && outputs.every((path) => existsSync(path))) return false;
  // Taken back first: after a failure the outputs are those of no inputs.
  rmSync(stamp, { force: true });
  await make();
  mkdirSync(stamps, { recursive: true });
  writeFileSync(stamp, now);
  return true;
}

/** All files below a folder, in a stable order. */
export function filesBelow(folder) {
  if (!existsSync(folder)) return [];
  return readdirSync(folder, { withFileTypes: true })
    .sort((a, b) => (a.name < b.name ? -1 : 1))
    .flatMap((entry) => {
      const path = join(folder, entry.name);
      if (entry.name === 'node_modules') return [];
      return entry.isDirectory() ? filesBelow(path) : [path];
    });
}

/** Contents rather than times: a fresh checkout or a rebuilt identical file is no change. */
function fingerprint(inputs) {
  const hash = createHash('sha256');
  for (const input of inputs) {
    if (!existsSync(input)) {
      hash.update(`word ${input}\n`);
      continue;
    }
    for (const path of statSync(input).isDirectory() ? filesBelow(input) : [input]) {
      hash.update(`file ${path}\n`).update(createHash('sha256').update(readFileSync(path)).digest());
    }
  }
  return hash.digest('hex');
}
