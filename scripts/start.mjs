import { createInterface } from 'node:readline';
import { buildGateway, buildPackage, buildSimulation } from './lib/build.mjs';
import { freePort } from './lib/port.mjs';
import { Complaint, main, start } from './lib/process.mjs';
import { followSite, makeSite } from './lib/site.mjs';
import { gateway, site } from './lib/places.mjs';

/** Ctrl-C is how a person ends it. */
const ONCE_RUNNING = { interrupted: 0 };

// Builds what has changed, then runs the gateway until Ctrl-C: with its demo services, or with the options given, such as
// `npm start -- --nats nats://127.0.0.1:4222`.
await main(async (given) => {
  const port = await freePort();
  await buildPackage();
  await buildGateway();
  await buildSimulation();
  await makeSite();
  const stopFollowing = followSite();
  const own = given.length > 0 ? given : ['--demo'];
  const options = [...own, '--www', site, '--addr', '127.0.0.1', '--port', String(port)];
  const server = start(gateway, options, { stdio: ['ignore', 'pipe', 'inherit'] });
  for await (const line of createInterface({ input: server.stdout })) {
    const address = /^listening on (\S+)$/.exec(line)?.[1];
    if (address)
      console.log(
        `\n  The ${given.length > 0 ? 'site' : 'demo'} is at ${address}/ (open it in two windows; Ctrl-C ends it)\n`,
      );
    else console.log(line);
  }
  const { code, signal, error } = await server.ended;
  stopFollowing();
  throw new Complaint(`the gateway ended (${error?.message ?? signal ?? `exit code ${code}`}): see the output above`);
}, ONCE_RUNNING);
