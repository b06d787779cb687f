import { buildGateway, buildPackage } from './lib/build.mjs';
import { freePort } from './lib/port.mjs';
import { Complaint, main, start } from './lib/process.mjs';
import { followSite, makeSite } from './lib/site.mjs';
import { gateway, site } from './lib/places.mjs';

/** Ctrl-C is how a person ends it. */
const ONCE_RUNNING = { interrupted: 0 };

// Builds what has changed, then runs the gateway with its demo services until Ctrl-C.
await main(async () => {
  const port = await freePort();
  await buildPackage();
  await buildGateway();
  makeSite();
  const stopFollowing = followSite();
  const server = start(gateway, ['--demo', '--www', site, '--listen', `127.0.0.1:${port}`]);
  await ready(`http://127.0.0.1:${port}/`, server);
  console.log(`\n  The demo is at http://127.0.0.1:${port}/ (open it in two windows; Ctrl-C ends it)\n`);
  const { code, signal, error } = await server.ended;
  stopFollowing();
  throw new Complaint(`the gateway ended (${error?.message ?? signal ?? `exit code ${code}`}): see the output above`);
}, ONCE_RUNNING);

/** Asks until the gateway answers or has ended. */
async function ready(address, server) {
  let ended = false;
  server.ended.then(() => (ended = true));
  while (!ended) {
    const answered = await fetch(address).then(
      () => true,
      () => false,
    );
    if (answered) return;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Complaint('the gateway did not start: see the output above');
}
