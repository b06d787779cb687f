import { createServer } from 'node:net';
import { Complaint } from './process.mjs';

/** The port asked for by PORT, or 8080, after a look whether it is free: better before the build than after it. */
export async function freePort() {
  const port = Number(process.env.PORT || 8080);
  if (!Number.isInteger(port) || port < 1 || port > 65535) {
    throw new Complaint(`PORT=${process.env.PORT} is no port: choose a number from 1 to 65535`);
  }
  await new Promise((resolve, reject) => {
    const probe = createServer();
    probe.once('error', ({ code }) => reject(new Complaint(reason(code, port))));
    probe.listen(port, '127.0.0.1', () => probe.close(resolve));
  });
  return port;
}

function reason(code, port) {
  const other = `or choose another, as in PORT=${port < 65535 ? port + 1 : 8080} npm start`;
  if (code === 'EADDRINUSE') return `port ${port} is in use: end what uses it ${other}`;
  return `port ${port} cannot be used (${code}): allow it ${other}`;
}
