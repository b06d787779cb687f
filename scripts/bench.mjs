import { buildPackage } from './lib/build.mjs';
import { browser } from './lib/ensure.mjs';
import { main, step } from './lib/process.mjs';

// The benchmark against npm `resclient`, both in one headless Chromium; what follows `--` goes to it.
await main(async (args) => {
  await buildPackage();
  const { chromium } = await browser();
  await step('the benchmark', process.execPath, ['benches/browser/run.js', ...args], { env: { CHROMIUM: chromium } });
});
