import { changing, editing } from './events.js';
import { loading, loadingAndReading, release } from './load.js';
import { eventsAmong, losing } from './held.js';
import { STAGES } from './memory.js';
import { reconnecting } from './reconnect.js';
import { SCALES } from './scaling.js';
import { Gateway, answer } from './socket.js';
import { nextTask } from './clock.js';
import { verifyEqual } from './data.js';

const WORKLOADS = {
  T1: loading(),
  T1u: loading({ foreign: true }),
  T2: loadingAndReading,
  T3: changing(),
  T3b: changing({ batch: Infinity }),
  T4: editing(),
  T4b: editing({ batch: Infinity }),
  T4r: editing({ ofModels: true }),
  T5: reconnecting(1_000),
  T5b: reconnecting(5_000),
  T6: release({ read: false }),
  T6r: release({ read: true }),
};

/** Workloads that connect on their own, and work out their figure. */
const ALONE = { T10: eventsAmong, T11: losing };

/** One small get, which makes the client ready for use; gives the time it took. */
export async function first(ResClient) {
  const from = performance.now();
  const session = connect(ResClient);
  const got = session.client.get('bench.small');
  const request = await session.gateway.request('subscribe.bench.small');
  session.gateway.deliver(answer(request, { models: { 'bench.small': { message: 'hello' } } }));
  verifyEqual((await got).message, 'hello', 'the first value');
  const time = performance.now() - from;
  session.client.disconnect();
  return time;
}

/** Runs a workload `runs` times, each with a client of its own; gives the times in milliseconds, or what it works out. */
export async function run(ResClient, workload, runs) {
  const figures = [];
  for (let turn = 0; turn < runs; turn++) {
    if (workload in ALONE) {
      figures.push(await ALONE[workload](() => connected(ResClient)));
    } else {
      const session = await connected(ResClient);
      figures.push(await WORKLOADS[workload](session));
      session.client.disconnect();
    }
    await nextTask();
  }
  return figures;
}

/** How long something takes at each of its sizes, in milliseconds: the least of some rounds. */
export async function scale(ResClient, name) {
  const { sizes, time, ...rest } = SCALES[name];
  const times = [];
  for (const size of sizes) {
    let least = Infinity;
    for (let turn = 0; turn < TURNS; turn++) {
      const session = await connected(ResClient);
      least = Math.min(least, await time(session, size));
      session.client.disconnect();
      await nextTask();
    }
    times.push(least);
  }
  return { ...rest, sizes, times };
}

/** Goes on to a stage of what is held in memory. */
export const stage = (ResClient, name) => STAGES[name](() => connected(ResClient));

async function connected(ResClient) {
  const session = connect(ResClient);
  await session.client.connect();
  return session;
}

function connect(ResClient) {
  const gateway = new Gateway();
  // Lingering subscriptions of one run must not be given up during another.
  const client = new ResClient(gateway.factory, { unsubscribeDelay: 3_600_000, reconnectDelay: 1 });
  return { client, gateway };
}

/** How often something is measured at a size. The code is compiled by the second time, mostly. */
const TURNS = 4;
