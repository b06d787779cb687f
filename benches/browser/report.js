import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { OUT } from './bundle.js';
import { WORKLOADS } from './workloads.js';

export function median(numbers) {
  const sorted = [...numbers].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

/**
 * What the rounds come to. A round gives one ratio: the two clients ran right after one another, so what else the machine
 * did met both. The ratio is the median of the rounds, the spread their least and greatest.
 */
export function summarise(name, rounds) {
  const { target, stage } = WORKLOADS[name];
  const figure = (pick) => {
    const ours = rounds.map((round) => pick(round.ours)).filter(Number.isFinite);
    const resclient = rounds.map((round) => pick(round.resclient)).filter(Number.isFinite);
    if (!ours.length || !resclient.length) return { ours: middle(ours), resclient: middle(resclient) };
    const ratios = rounds.map((round) => pick(round.resclient) / pick(round.ours));
    return {
      ours: middle(ours),
      resclient: middle(resclient),
      ratio: median(ratios),
      spread: [Math.min(...ratios), Math.max(...ratios)],
    };
  };
  const warm = figure((result) => result?.warm);
  const floor = middle(rounds.map((round) => round.floor?.warm).filter(Number.isFinite));
  return {
    value: warm.ratio,
    target,
    met: target === undefined || warm.ratio === undefined ? undefined : warm.ratio >= target,
    stage:
      stage === undefined
        ? undefined
        : { target: stage, met: warm.ratio === undefined ? undefined : warm.ratio >= stage },
    spread: warm.spread,
    unit: '× as fast as npm resclient',
    ours: warm.ours,
    resclient: warm.resclient,
    floor,
    first: figure((result) => result?.first),
    cold: WORKLOADS[name].cold ? figure((result) => result?.cold) : undefined,
    rounds: rounds.length,
  };
}

export function print(results, { version, start }) {
  console.log(
    `\nChromium ${version}. Times in ms, medians of warm runs; ratio: resclient / ours, of each round, with its range.`,
  );
  const rows = Object.entries(results).map(([name, r]) => [
    name,
    WORKLOADS[name].what,
    ms(r.ours),
    ms(r.resclient),
    ms(r.floor),
    times(r.value),
    r.spread ? `${r.spread.map((x) => x.toPrecision(3)).join('–')}` : '',
    r.stage ? `≥ ${r.stage.target} ${verdict(r.stage.met)}` : '',
    r.target ? `≥ ${r.target} ${verdict(r.met)}` : '',
    times(r.first.ratio),
    r.cold ? `${times(r.cold.ratio)} (${ms(r.cold.ours)}, ${ms(r.cold.resclient)})` : '',
  ]);
  const head = [
    '',
    'workload',
    'ours',
    'resclient',
    'parse',
    'ratio',
    'range',
    'this stage',
    'product',
    'first',
    'cold',
  ];
  table([head, ...rows]);
  console.log(
    `First: the first run in a page that has made one small get; cold: the first thing in a page.\n` +
      `From a page's code to its first value: ours ${ms(start.ours)}, resclient ${ms(start.resclient)}.`,
  );
}

export function write(results) {
  mkdirSync(OUT, { recursive: true });
  const path = join(OUT, 'client.json');
  writeFileSync(path, `${JSON.stringify(results, null, 2)}\n`);
}

function table(rows) {
  const widths = rows[0].map((_, column) => Math.max(...rows.map((row) => row[column].length)));
  for (const row of rows) {
    const cells = row.map((cell, at) => (at === 1 ? cell.padEnd(widths[at]) : cell.padStart(widths[at])));
    console.log(cells.join('  ').trimEnd());
  }
}

const middle = (numbers) => (numbers.length ? median(numbers) : undefined);
const ms = (time) => (time === undefined ? '' : time >= 100 ? time.toFixed(0) : time.toPrecision(3));
const times = (ratio) => (ratio === undefined ? '' : `${ratio >= 100 ? ratio.toFixed(0) : ratio.toPrecision(3)}×`);
const verdict = (met) => (met === undefined ? '?' : met ? 'met' : 'missed');
