import { existsSync, mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { cargo } from './lib/ensure.mjs';
import { root, tools } from './lib/places.mjs';
import { Complaint, capture, main, start, step, stop } from './lib/process.mjs';

// Runs the Autobahn test suite, client to server, against the gateway's WebSocket layer, which sends back what it gets in a build made
// for this. Closes with the line `N passed, N failed`.

const SUITE = 'autobahntestsuite==25.10.1';
/** Verdicts the suite itself counts as conforming; `INFORMATIONAL` cases have no right answer. */
const GOOD = ['OK', 'NON-STRICT', 'INFORMATIONAL'];

/** All but those of compression, which take an hour: `npm run autobahn -- '12.*' '13.*'`. */
const CASES = ['1.*', '2.*', '3.*', '4.*', '5.*', '6.*', '7.*', '9.*', '10.*'];

/** The largest messages of the suite have 16 MiB. */
const LARGEST = 32 << 20;

await main(async (patterns) => {
  const python = await python27();
  const site = await testsuite(python);
  const gateway = await buildEcho();
  mkdirSync(join(root, 'target/autobahn'), { recursive: true });
  const { server, url } = await echo(gateway);
  const out = join(root, 'target/autobahn');
  const spec = join(out, 'spec.json');
  const cases = patterns.length ? patterns : CASES;
  // One that is left from before must not be taken for that of a run that is broken off.
  rmSync(join(out, 'report'), { recursive: true, force: true });
  const servers = [{ agent: 'res-gateway', url }];
  writeFileSync(spec, JSON.stringify({ outdir: join(out, 'report'), servers, cases, 'exclude-cases': [] }));
  // As a folder of packages, which those of a namespace need, and not only on the path.
  const program = `import site; site.addsitedir(${JSON.stringify(site)}); from autobahntestsuite.wstest import run; run()`;
  const wstest = ['-c', program, '-m', 'fuzzingclient', '-s', spec];
  const { code } = await capture(python, wstest, { show: true });
  await stop(server);
  if (code !== 0) throw new Complaint('wstest failed: see the output above');

  const results = JSON.parse(readFileSync(join(out, 'report/index.json'), 'utf8'))['res-gateway'];
  const bad = Object.entries(results).filter(([, { behavior, behaviorClose }]) => {
    return !GOOD.includes(behavior) || !GOOD.includes(behaviorClose);
  });
  for (const [id, { behavior, behaviorClose }] of bad) console.log(`case ${id}: ${behavior}, close ${behaviorClose}`);
  const strictly = Object.values(results).filter(({ behavior }) => behavior === 'OK').length;
  console.log(
    `report: ${join('target/autobahn/report/index.html')} (${strictly} of ${Object.keys(results).length} strictly OK)`,
  );
  console.log(`\n${Object.keys(results).length - bad.length} passed, ${bad.length} failed`);
  return bad.length ? 1 : 0;
});

/** The suite runs on nothing newer. */
async function python27() {
  const versions = join(homedir(), '.pyenv/versions');
  const pyenv = existsSync(versions) ? readdirSync(versions).filter((name) => name.startsWith('2.7')) : [];
  const places = [process.env.PYTHON27, 'python2.7', ...pyenv.map((name) => join(versions, name, 'bin/python2.7'))];
  for (const place of places.filter(Boolean)) {
    try {
      if ((await capture(place, ['-m', 'pip', '--version'])).code === 0) return place;
    } catch {
      // Not there: the next.
    }
  }
  throw new Complaint(
    'Python 2.7 with pip is missing, which the Autobahn test suite runs on: install it and name it in PYTHON27',
  );
}

async function testsuite(python) {
  const site = join(tools, 'autobahn');
  if (existsSync(join(site, 'autobahntestsuite'))) return site;
  console.log(`Installing ${SUITE} into target/tools/autobahn (once) …`);
  await step('pip install', python, ['-m', 'pip', 'install', '-q', '--target', site, SUITE]);
  return site;
}

/** The gateway, whose WebSockets send back what they get. */
async function buildEcho() {
  await cargo();
  const target = join(root, 'target/autobahn/build');
  const env = { CARGO_TARGET_DIR: target, RUSTFLAGS: `${process.env.RUSTFLAGS ?? ''} --cfg autobahn` };
  await step('cargo build', 'cargo', ['build', '--release', '-p', 'res-gateway'], { env });
  return join(target, 'release/res-gateway');
}

async function echo(gateway) {
  const config = join(root, 'target/autobahn/config.json');
  const limits = { frameBytes: LARGEST, messageBytes: LARGEST, queueBytes: LARGEST };
  writeFileSync(config, JSON.stringify({ wsCompression: true, limits }));
  const server = start(gateway, ['--config', config, '--port', '0'], { stdio: ['ignore', 'pipe', 'inherit'] });
  for await (const line of createInterface({ input: server.stdout })) {
    const address = /^listening on http:\/\/(\S+)$/.exec(line)?.[1];
    if (address) return { server, url: `ws://${address}` };
  }
  throw new Complaint('the gateway ended before it listened: see the output above');
}
