import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { faults } from './support/faults.mjs';

suite('a page that has lost its connection a thousand times', () => {
  const { service, cable, follower } = faults();

  test('shows what there is, and has grown by nothing', async () => {
    const tab = await follower({ reconnectDelay: 1, reconnectDelayMax: 1 });
    const warm = await cycle(tab, 100);
    await tab.follow();
    const { made } = cable;
    const after = await cycle(tab, 1_000);
    assert.ok(cable.made - made >= 1_000, `${cable.made - made} connections`);

    console.log(`bytes after 1,000 reconnects: ${JSON.stringify(after)}, before: ${JSON.stringify(warm)}`);
    for (const [what, factor] of [
      ['withoutCode', 1.01],
      ['engine', 1.05],
    ]) {
      const [is, was] = [after[what], warm[what]];
      assert.ok(is <= was * factor, `${what}: ${was} bytes have become ${is}`);
    }
  });

  /** Has the page connect so many times, compares, and has it let go of everything. */
  async function cycle(tab, times) {
    await tab.ask(20);
    const end = (await tab.connects()) + times;
    // Every connection ends somewhere: a few in the handshake, most in the middle of a frame.
    cable.length = () => random(1_000);
    cable.cut();
    while ((await tab.connects()) < end) {
      await service.change();
      await pause(50);
    }
    cable.length = () => Infinity;
    cable.cut();
    await tab.agreesWith(service);
    return tab.released();
  }
});

/** Numbers below `n` that are the same in every run. */
function random(n) {
  seed = (seed * 48_271) % 0x7fffffff;
  return seed % n;
}

let seed = 1;
