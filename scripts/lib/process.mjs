import { spawn } from 'node:child_process';
import { delimiter } from 'node:path';
import { root, tools } from './places.mjs';

/** Something the person at the terminal can act on: its message is the one line they see, without a stack. */
export class Complaint extends Error {}

const running = new Set();

/**
 * Starts a command in a process group of its own, so that ending it also ends what it started in turn
 * (wasm-pack → chromedriver → chromium).
 */
export function start(command, args, { env, cwd = root, stdio = 'inherit' } = {}) {
  const child = spawn(command, args, {
    cwd,
    stdio: Array.isArray(stdio) ? stdio : ['ignore', stdio, stdio],
    env: { ...process.env, PATH: `${tools}/bin${delimiter}${process.env.PATH}`, ...env },
    detached: process.platform !== 'win32',
  });
  running.add(child);
  child.ended = new Promise((resolve) => {
    child.once('error', (error) => resolve({ error }));
    child.once('close', (code, signal) => resolve({ code, signal }));
  }).finally(() => running.delete(child));
  return child;
}

/**
 * Runs a command to its end and gives `{ code, text }`: stdout and stderr together, in the order they came.
 * With `show`, the output is also passed on as it comes.
 */
export async function capture(command, args, { show = false, ...options } = {}) {
  const child = start(command, args, { ...options, stdio: 'pipe' });
  const parts = [];
  for (const [from, to] of [
    [child.stdout, process.stdout],
    [child.stderr, process.stderr],
  ]) {
    from.on('data', (data) => {
      parts.push(data);
      if (show) to.write(data);
    });
  }
  const { code, signal, error } = await child.ended;
  if (error) throw new Complaint(absent(command, error));
  return { code: signal ? 1 : code, signal, text: Buffer.concat(parts).toString() };
}

/** Runs a step whose output is for people; a failure ends the script with `what` in one line. */
export async function step(what, command, args, options) {
  const { code, signal, error } = await start(command, args, options).ended;
  if (error) throw new Complaint(absent(command, error));
  if (code !== 0) throw new Complaint(`${what} failed (${signal ?? `exit code ${code}`}): see the output above`);
}

/** Ends what was started, politely first. */
export async function stop(child, patience = 5000) {
  if (!running.has(child)) return;
  signalGroup(child, 'SIGTERM');
  const force = setTimeout(() => signalGroup(child, 'SIGKILL'), patience);
  await child.ended;
  clearTimeout(force);
}

/**
 * The frame of every script: complaints in one line, and no child left behind however the script ends. `interrupted` is
 * the exit code after Ctrl-C: 0 where that is the way to end it.
 */
export async function main(body, { interrupted = 130 } = {}) {
  let stopping = false;
  const end = async (code) => {
    if (stopping) return;
    stopping = true;
    await stopAll();
    process.exit(code);
  };
  process.on('SIGINT', () => end(interrupted));
  for (const signal of ['SIGTERM', 'SIGHUP']) process.on(signal, () => end(143));
  process.on('uncaughtException', (error) => {
    console.error(error);
    void end(1);
  });
  // Between npm and this script stands a shell that hands no signal on: when npm is ended, only its absence tells.
  if (process.env.npm_lifecycle_event) {
    const parent = process.ppid;
    setInterval(() => process.ppid !== parent && end(143), 500).unref();
  }
  try {
    process.exitCode = (await body(process.argv.slice(2))) ?? 0;
  } catch (error) {
    // What was ended by a signal complains of nothing but that.
    if (stopping) return;
    process.exitCode = 1;
    console.error(error instanceof Complaint ? `\n${error.message}` : error);
  } finally {
    await stopAll();
  }
}

export const stopAll = () => Promise.all([...running].map((child) => stop(child)));

function signalGroup(child, signal) {
  try {
    if (process.platform === 'win32') child.kill(signal);
    else process.kill(-child.pid, signal);
  } catch (error) {
    // It may have ended between the look and the signal.
    if (error.code !== 'ESRCH') throw error;
  }
}

function absent(command, error) {
  return error.code === 'ENOENT' ? `${command} is missing: install it and try again` : `${command}: ${error.message}`;
}
