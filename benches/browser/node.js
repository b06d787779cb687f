import { fork } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Complaint } from '../../scripts/lib/process.mjs';
import { OUT } from './bundle.js';

/** Node in place of a browser: what a page would be is a process; `scripts` are their texts by path. */
export function openNode(scripts) {
  mkdirSync(OUT, { recursive: true });
  const folder = mkdtempSync(join(OUT, 'node-'));
  for (const [path, text] of scripts) writeFileSync(join(folder, path.replace(/\.js$/, '.mjs')), text);
  return {
    name: `Node ${process.version}`,
    inPage: (client, work) => inProcess(join(folder, `${client}.mjs`), work),
    close: () => rmSync(folder, { recursive: true }),
  };
}

async function inProcess(script, work) {
  const child = fork(join(import.meta.dirname, 'host.js'), [script], { execArgv: ['--expose-gc'] });
  let failed;
  const failure = new Promise((_, reject) => (failed = reject));
  failure.catch(() => undefined);
  child.once('error', failed);
  child.once('exit', (code) => failed(new Error(`the process ended with ${code}`)));
  const call = (method, ...args) =>
    new Promise((resolve, reject) => {
      child.once('message', ({ result, error }) => (error ? reject(new Error(error)) : resolve(result)));
      child.send({ method, args });
    });
  const profiled = () => {
    throw new Complaint('--profile is for Chromium; for Node there is `node --cpu-prof`');
  };
  try {
    return await Promise.race([work({ call, profiled, heapBytes: () => call('heapBytes') }), failure]);
  } finally {
    child.removeAllListeners('exit');
    child.kill();
  }
}
