import { join } from 'node:path';
import { cargo, natsServer } from './lib/ensure.mjs';
import { main, step } from './lib/process.mjs';
import { cargoTarget, root } from './lib/places.mjs';

// Runs the release build of the gateway under a mixed load for long, with a fault every five seconds; what follows `--` goes to
// the program, such as `--minutes 60`. It ends with 1 when something did not hold.
await main(async (args) => {
  await cargo();
  const env = { NATS_SERVER: await natsServer() };
  await step('cargo build', 'cargo', ['build', '--release', '-p', 'res-gateway', '-p', 'chaos']);
  const isNamed = args.some((arg) => arg === '--out' || arg.startsWith('--out='));
  const out = isNamed ? [] : ['--out', join(root, 'target/soak/report.json')];
  await step('the soak', join(cargoTarget, 'release', 'chaos'), ['soak', ...out, ...args], { env });
});
