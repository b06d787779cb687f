import { existsSync } from 'node:fs';
import { cpus } from 'node:os';
import { join } from 'node:path';
import { cargo, natsServer } from './lib/ensure.mjs';
import { capture, main, step } from './lib/process.mjs';
import { cargoTarget, root } from './lib/places.mjs';

// Measures the release build of the gateway; what follows `--` goes to the driver, such as `--only events,cpu`. Where there is
// a way to, the gateway has one core and everything else the other, so that neither waits for the other.
await main(async (args) => {
  await cargo();
  const nats = await natsServer();
  await step('cargo build', 'cargo', ['build', '--release', '-p', 'res-gateway', '-p', 'gateway-bench']);
  const built = (name) => join(cargoTarget, 'release', name);
  const config = join(root, 'benches/gateway/gateway.json');
  const gateway = [...(await onCore(0)), built('res-gateway'), '--config', config, '--nats', 'nats://{nats}'];
  const driver = [...(await onCore(1)), built('gateway-bench'), '--nats-server', nats];
  driver.push('--out', join(root, 'target/bench/gateway.json'), ...args, '--', ...gateway);
  // Eight thousand connections are more files than a shell allows at first.
  await step('the benchmark', 'sh', ['-c', 'ulimit -n "$(ulimit -H -n)" && exec "$@"', 'sh', ...driver]);
});

async function onCore(core) {
  if (process.platform !== 'linux' || cpus().length < 2 || !existsSync('/usr/bin/taskset')) return [];
  const { code } = await capture('taskset', ['-c', String(core), 'true']);
  return code === 0 ? ['taskset', '-c', String(core)] : [];
}
