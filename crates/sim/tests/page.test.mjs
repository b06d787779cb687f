import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { suite, test } from 'node:test';
import { pathToFileURL } from 'node:url';
import { simulationOut } from '../../../scripts/lib/places.mjs';
import { simulation } from '../../../scripts/lib/sim.mjs';

suite('the simulation of the page', async () => {
  const page = await import(pathToFileURL(join(simulationOut, 'simulation.js')));
  await page.default({ module_or_path: readFileSync(join(simulationOut, 'simulation_bg.wasm')) });

  for (const seed of [1, 2, 3, 7, 41]) {
    test(`seed ${seed} is the run of the command`, async () => {
      const { text } = await simulation(['--seed', String(seed)], { show: false });
      assert.equal(page.digest(seed), /^ {4}digest: (\d+),$/m.exec(text)?.[1]);
    });
  }

  test('in the end no value is another than the service has', () => {
    for (let seed = 1; seed <= 20; seed++) {
      const run = new page.Simulation(seed);
      const { clients } = JSON.parse(run.advance(240_000));
      const others = clients.flatMap((client) => client.resources.filter(({ state }) => state === 'other'));
      assert.deepEqual(others, [], `seed ${seed}`);
      run.free();
    }
  });
});
