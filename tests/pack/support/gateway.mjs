import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { root } from './project.mjs';

/**
 * Starts the real gateway on a port of the system's choice: `resources` is a JSON file below the root, or the demo
 * services are served; `www` is a folder of pages.
 */
export async function gateway({ resources, www } = {}) {
  const binary = process.env.RES_GATEWAY ?? join(root, 'target/debug/res-gateway');
  const services = resources ? ['--resources', join(root, resources)] : ['--demo'];
  const pages = www ? ['--www', www] : [];
  // A page of Vite's dev server has another origin than the gateway.
  const flags = ['--addr', '127.0.0.1', '--port', '0', '--alloworigin', '*'];
  const child = spawn(binary, [...flags, ...services, ...pages], { stdio: ['ignore', 'pipe', 'pipe'] });
  const port = await listening(child);
  return {
    page: `http://127.0.0.1:${port}/`,
    webSocket: `ws://127.0.0.1:${port}/`,
    async stop() {
      const ended = once(child, 'exit');
      if (child.exitCode === null && child.kill()) await ended;
    },
  };
}

/** The port, from the line in which the gateway says where it listens. */
function listening(child) {
  return new Promise((resolve, reject) => {
    let said = '';
    for (const stream of [child.stdout, child.stderr]) {
      stream.on('data', (data) => {
        said += data;
        const port = /^listening on \S+:(\d+)$/m.exec(said)?.[1];
        if (port) resolve(port);
      });
    }
    child.once('error', reject);
    child.once('exit', (code) => reject(new Error(`the gateway ended with ${code}: ${said}`)));
  });
}
