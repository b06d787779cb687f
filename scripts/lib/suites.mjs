import { join, relative } from 'node:path';
import { buildGateway, buildPackage, buildSimulation } from './build.mjs';
import { checks } from './checks.mjs';
import { cargoCounts, closingLine, sum, tally, tapCounts } from './counts.mjs';
import { startDemo } from './demo.mjs';
import { browser, cargo, natsServer, npmPackages, pythonPackages, wasmBindgen, wasmPack } from './ensure.mjs';
import { filesBelow } from './fresh.mjs';
import { Complaint, capture, stop } from './process.mjs';
import { gateway, root, tool } from './places.mjs';
import { simulation, withBugs } from './sim.mjs';
import { engineAsWasm } from './wasm-tests.mjs';

/** Every suite of `npm test`, in the order in which a failure is cheapest to learn. */
export const suites = {
  async check() {
    await npmPackages();
    await wasmBindgen();
    return checks();
  },

  async engine() {
    await cargo();
    // With the client, for its documentation and its example; its behaviour is tested with the gateway's.
    return cargoTest(['-p', 'resclient', '--features', 'native']);
  },

  async wasm() {
    await wasmBindgen();
    return engineAsWasm();
  },

  async browser() {
    await wasmPack();
    await buildGateway();
    const { chromedriver } = await browser();
    const demo = await startDemo();
    const args = [
      'test',
      '--headless',
      '--chrome',
      '--chromedriver',
      chromedriver,
      '--mode',
      'no-install',
      'crates/wasm',
    ];
    const env = { RES_GATEWAY_URL: demo.webSocket };
    const result = await capture(tool('wasm-pack'), args, { show: true, env });
    await stop(demo.server);
    return tally(result, cargoCounts);
  },

  async gateway() {
    await cargo();
    return cargoTest(['-p', 'res-gateway'], { NATS_SERVER: await natsServer() });
  },

  async sim() {
    await buildSimulation();
    const tests = ['--profile', 'sim', '-p', 'resclient-sim'];
    const found = await tally(await simulation(['--bugs']), closingLine);
    const own = sum(await cargoTest(tests), await nodeTest('crates/sim/tests'));
    return sum(own, await cargoTest([...tests, '--test', 'bugs'], withBugs), found);
  },

  /** With options, such as `--seeds 100` or `--seed 7`: which scripts of faults are played. */
  async chaos(options = []) {
    await cargo();
    await buildGateway('--bin', 'res-gateway');
    const env = { NATS_SERVER: await natsServer(), RES_GATEWAY: gateway };
    const own = await cargoTest(['-p', 'chaos']);
    const args = ['run', '-q', '-p', 'chaos', '--', 'seeds', ...options];
    return sum(own, tally(await capture('cargo', args, { show: true, env }), closingLine));
  },

  async services() {
    await npmPackages();
    await buildPackage();
    await buildGateway('--bin', 'res-gateway', '--example', 'services');
    await buildSimulation();
    await pythonPackages();
    const { chromium } = await browser();
    return nodeTest('tests/services', { CHROMIUM: chromium, NATS_SERVER: await natsServer(), RES_GATEWAY: gateway });
  },

  async shell() {
    await npmPackages();
    await buildPackage();
    return nodeTest('tests/shell');
  },

  async differential() {
    await npmPackages();
    await buildPackage();
    return tally(await capture(process.execPath, ['tests/differential/run.mjs'], { show: true }), closingLine);
  },

  async pack() {
    await npmPackages();
    await buildPackage();
    await buildGateway();
    const { chromium } = await browser();
    return nodeTest('tests/pack', { CHROMIUM: chromium, RES_GATEWAY: gateway });
  },

  async e2e() {
    await npmPackages();
    await buildPackage();
    await buildGateway();
    await buildSimulation();
    const { chromium } = await browser();
    const env = { CHROMIUM: chromium, RES_GATEWAY: gateway };
    const result = await capture(process.execPath, ['tests/e2e/run.mjs'], { show: true, env });
    return tally(result, (text) => sum(tapCounts(text), closingLine(text)));
  },
};

async function cargoTest(args, env) {
  return tally(await capture('cargo', ['test', '--no-fail-fast', ...args], { show: true, env }), cargoCounts);
}

/** The files are listed here because the runner of Node 20 knows no patterns. */
async function nodeTest(folder, env) {
  const files = filesBelow(join(root, folder)).filter((path) => /\.test\.m?js$/.test(path));
  if (files.length === 0) throw new Complaint(`${folder} holds no *.test.mjs file`);
  const args = ['--test', '--test-reporter=tap', ...files.map((path) => relative(root, path))];
  return tally(await capture(process.execPath, args, { show: true, env }), tapCounts);
}
