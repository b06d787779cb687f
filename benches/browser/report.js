import { mkdirSync, writeFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { join } from 'node:path';
import { OUT } from './bundle.js';
import { WORKLOADS } from './workloads.js';

export function median(numbers) {
  const sorted = [...numbers].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

/**
 * What a round comes to: the two clients ran right after one another, so what else the machine did met both. The value is the
 * median of the rounds, the spread their least and greatest.
 */
const VALUES = {
  time: ({ ours, resclient }) => resclient?.warm / ours?.warm,
  memory: ({ ours, resclient }) => ours / resclient,
  alone: ({ ours }) => ours,
  size: ({ ours }) => ours,
  start: ({ ours, resclient }) => ours - resclient,
  parse: ({ ours, floor }) => floor?.warm / ours?.warm,
};

export function summarise(name, rounds) {
  const { how, what, target, most, stage, unit } = WORKLOADS[name];
  const values = rounds.map(VALUES[how]).filter(Number.isFinite);
  const value = middle(values);
  const over = (pick) => middle(rounds.map(({ ours, resclient }) => resclient?.[pick] / ours?.[pick]));
  const row = {
    what,
    value,
    target: target ?? most,
    met: verdict(value, target, most),
    spread: values.length > 1 ? [Math.min(...values), Math.max(...values)] : undefined,
    unit,
    ours: middle(rounds.map(({ ours }) => ours?.warm ?? ours)),
    resclient: middle(rounds.map(({ resclient }) => resclient?.warm ?? resclient)),
    floor: middle(rounds.map(({ floor }) => floor?.warm)),
    rounds: rounds.length,
  };
  if (how !== 'time') return row;
  return {
    ...row,
    stage: stage && { target: stage, met: verdict(value, stage) },
    first: over('first'),
    cold: over('cold'),
  };
}

const verdict = (value, target, most) => {
  if (value === undefined || (target ?? most) === undefined) return undefined;
  return target === undefined ? value <= most : value >= target;
};

export function print(rows, engine) {
  console.log(
    `\n${engine}. Times in ms, medians of warm runs; memory in bytes. The value is that of each round, their median, and their range.`,
  );
  const cells = Object.entries(rows).map(([name, row]) => [
    name,
    WORKLOADS[name].what,
    figure(row.ours),
    figure(row.resclient),
    figure(row.floor),
    row.value === undefined ? '' : `${figure(row.value)} ${row.unit}`,
    row.spread ? row.spread.map(figure).join('–') : '',
    said(row.target, WORKLOADS[name].most !== undefined, row.met),
    said(row.stage?.target, false, row.stage?.met),
    row.first ? `${figure(row.first)}×` : '',
    row.cold ? `${figure(row.cold)}×` : '',
  ]);
  table([
    ['', 'workload', 'ours', 'resclient', 'parse', 'value', 'range', 'product', 'this stage', 'first', 'cold'],
    ...cells,
  ]);
  console.log('First: the first run in a page that has made one small get; cold: the first thing in a page.');
}

/** How long things take at each size, and the slope of that, both as logarithms: with 0 it does not grow, with 1 it does as the size. */
export function printScales(found, engine) {
  console.log(`\n${engine}. Times in ms, the least of some runs, by size; the slope over all sizes.`);
  for (const { what, sizes, times, steepest } of found) {
    const steepness = slope(sizes.map(Math.log), times.map(Math.log));
    const met = steepness <= steepest ? 'met' : 'missed';
    const points = sizes.map((size, at) => `${size.toLocaleString('en')}: ${figure(times[at])}`);
    console.log(`${what}\n    ${points.join('   ')}   slope ${steepness.toFixed(2)}, ≤ ${steepest} ${met}`);
  }
}

/** Of the straight line that is nearest to the points. */
function slope(xs, ys) {
  const mean = (numbers) => numbers.reduce((sum, number) => sum + number, 0) / numbers.length;
  const [x, y] = [mean(xs), mean(ys)];
  return mean(xs.map((each, at) => (each - x) * (ys[at] - y))) / mean(xs.map((each) => (each - x) ** 2));
}

/** The rows by their names, and what they were measured on: `client.json`, or for another engine a file of its name. */
export function write(rows, engine) {
  mkdirSync(OUT, { recursive: true });
  const name = engine.startsWith('Chromium') ? 'client' : 'client-node';
  const [{ model }] = cpus();
  writeFileSync(join(OUT, `${name}.json`), `${JSON.stringify(rows, null, 2)}\n`);
  const machine = {
    engine,
    cpu: model.trim(),
    cores: cpus().length,
    node: process.version,
    at: new Date().toISOString(),
  };
  writeFileSync(join(OUT, `${name}-machine.json`), `${JSON.stringify(machine, null, 2)}\n`);
}

function table(rows) {
  const widths = rows[0].map((_, column) => Math.max(...rows.map((row) => row[column].length)));
  for (const row of rows) {
    const cells = row.map((cell, at) => (at === 1 ? cell.padEnd(widths[at]) : cell.padStart(widths[at])));
    console.log(cells.join('  ').trimEnd());
  }
}

function middle(numbers) {
  const found = numbers.filter(Number.isFinite);
  return found.length ? median(found) : undefined;
}

function figure(number) {
  if (number === undefined) return '';
  return Math.abs(number) >= 100 ? number.toFixed(0) : number.toPrecision(3);
}

function said(target, isMost, met) {
  if (target === undefined) return '';
  return `${isMost ? '≤' : '≥'} ${target} ${met === undefined ? '?' : met ? 'met' : 'missed'}`;
}
