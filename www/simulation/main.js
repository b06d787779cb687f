import init, { Simulation } from '/simulation-engine/simulation.js';
import { Timeline } from './timeline.js';
import { Log, showNodes } from './view.js';

/** Milliseconds of the simulation that are shown after its minute of trouble, and the most until all have to agree. */
const PEACE = 30_000;
const LONGEST_PEACE = 180_000;

const part = (name) => document.querySelector(`[data-part="${name}"]`);
const form = document.getElementById('controls');
const playButton = form.querySelector('[data-action="play"]');

const note = form.querySelector('.note');

let run;
let isPlaying = false;
let last;

try {
  await init();
} catch (error) {
  part('behind').textContent = '';
  note.textContent = `The simulation could not be loaded: ${error.message}`;
  throw error;
}
const wanted = new URLSearchParams(location.search).get('seed');
begin(wanted === null ? anySeed() : Number(wanted));
form.addEventListener('submit', (event) => {
  event.preventDefault();
  begin(form.elements.seed.valueAsNumber);
});
form.querySelector('[data-action="another"]').addEventListener('click', () => begin(anySeed()));
playButton.addEventListener('click', () => {
  // At its end there is nothing to play but the whole again.
  if (run.now >= run.end) begin(run.seed);
  play(!isPlaying || run.now === 0);
});
requestAnimationFrame(frame);

/** Shows the run of a seed from its beginning, and plays it, but to those who want nothing to move by itself. */
function begin(seed) {
  if (!Number.isSafeInteger(seed) || seed < 1) {
    note.textContent = `A seed is a whole number from 1 to ${Number.MAX_SAFE_INTEGER}. This is the first one.`;
    seed = 1;
  } else {
    note.textContent = '';
  }
  const address = new URL(location.href);
  address.searchParams.set('seed', seed);
  history.replaceState(null, '', address);
  form.elements.seed.value = seed;
  // What has broken off cannot be given back, nor trusted.
  if (run?.isBroken) return location.reload();
  const simulation = new Simulation(seed);
  run?.simulation.free();
  const script = JSON.parse(simulation.script());
  const trouble = simulation.length();
  const end = trouble + PEACE;
  run = { seed, simulation, trouble, end, now: 0, most: 0, agreedAt: undefined, isBroken: false };
  run.timeline = new Timeline(part('timeline'), { script, trouble, end });
  run.log = new Log(part('log'), script, trouble);
  part('end').textContent = `${end / 1000} s`;
  show(0);
  play(!matchMedia('(prefers-reduced-motion: reduce)').matches);
}

function play(is) {
  isPlaying = is;
  last = undefined;
  playButton.textContent = isPlaying ? 'Pause' : run.now >= run.end ? 'Again' : 'Play';
}

function frame(time) {
  if (isPlaying) {
    // A page that was away goes on where it was.
    const passed = Math.min(time - (last ?? time), 100) * Number(form.elements.speed.value);
    try {
      show(Math.min(run.now + passed, run.end));
    } catch (error) {
      run.isBroken = true;
      play(false);
      note.textContent = `The simulation has found something wrong, or is wrong itself: ${error.message}`;
      throw error;
    }
    if (run.now >= run.end && !extend()) play(false);
  }
  last = time;
  requestAnimationFrame(frame);
}

/** What has not healed yet may do so: some things are tried again only after a while. */
function extend() {
  const latest = run.trouble + LONGEST_PEACE;
  if (run.agreedAt !== undefined || run.end >= latest) return false;
  run.end = Math.min(run.end + PEACE, latest);
  run.timeline.end = run.end;
  part('end').textContent = `${run.end / 1000} s`;
  return true;
}

/** Lets the simulation go on until then, and shows what there is. */
function show(time) {
  run.now = time;
  const state = JSON.parse(run.simulation.advance(Math.floor(time)));
  const behind = state.clients
    .flatMap(({ resources }) => resources)
    .filter((resource) => resource.state === 'other').length;
  showNodes(state, part);
  run.timeline.add(time, behind);
  describe(behind);
  run.log.until(time);
  part('clock').textContent = `${(time / 1000).toFixed(1)} s`;
  tell(time, behind);
}

function tell(time, behind) {
  if (behind > 0) run.agreedAt = undefined;
  else run.agreedAt ??= time;
  part('behind').textContent = behind === 0 ? 'none' : `${behind} at the moment`;
  const verdict = part('verdict');
  const isOver = time >= run.end && (behind === 0 || run.end >= run.trouble + LONGEST_PEACE);
  verdict.dataset.verdict = isOver ? (behind === 0 ? 'good' : 'bad') : '';
  if (!isOver) verdict.textContent = '';
  else if (behind > 0) verdict.textContent = `${behind} in the end: that must not be`;
  else verdict.textContent = `All agree since ${(run.agreedAt / 1000).toFixed(1)} s`;
}

/** Tells those who do not see the line what it shows. */
function describe(behind) {
  run.most = Math.max(run.most, behind);
  const label = `Values that differ, over time: ${behind} now, ${run.most} at most`;
  part('timeline').setAttribute('aria-label', label);
}

function anySeed() {
  return 1 + Math.floor(Math.random() * 100_000);
}
