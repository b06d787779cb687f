import init, { Simulation } from '/simulation-engine/simulation.js';
import { Timeline } from './timeline.js';
import { Log, showNodes } from './view.js';

/** Milliseconds of the simulation that are shown after its minute of trouble, and the most until all have to agree. */
const PEACE = 30_000;
const LONGEST_PEACE = 180_000;

const part = (name) => document.querySelector(`[data-part="${name}"]`);
const form = document.getElementById('controls');
const playButton = form.querySelector('[data-action="play"]');

let run;
let isPlaying = false;
let last;

await init();
begin(seedOfAddress() ?? anySeed());
form.addEventListener('submit', (event) => {
  event.preventDefault();
  begin(form.elements.seed.valueAsNumber);
});
form.querySelector('[data-action="another"]').addEventListener('click', () => begin(anySeed()));
playButton.addEventListener('click', () => play(!isPlaying));
requestAnimationFrame(frame);

/** Shows the run of a seed from its beginning, and plays it. */
function begin(seed) {
  const address = new URL(location.href);
  address.searchParams.set('seed', seed);
  history.replaceState(null, '', address);
  form.elements.seed.value = seed;
  run?.simulation.free();
  const simulation = new Simulation(seed);
  const script = JSON.parse(simulation.script());
  const trouble = simulation.length();
  const end = trouble + PEACE;
  run = { simulation, trouble, end, now: 0, agreedAt: undefined };
  run.timeline = new Timeline(part('timeline'), { script, trouble, end });
  run.log = new Log(part('log'), script, trouble);
  part('end').textContent = `${end / 1000} s`;
  show(0);
  play(true);
}

function play(is) {
  isPlaying = is && run.now < run.end;
  last = undefined;
  playButton.textContent = isPlaying ? 'Pause' : 'Play';
  playButton.setAttribute('aria-pressed', String(isPlaying));
  // At its end there is nothing to play but the whole again.
  if (is && !isPlaying) begin(form.elements.seed.valueAsNumber);
}

function frame(time) {
  if (isPlaying) {
    // A page that was away goes on where it was.
    const passed = Math.min(time - (last ?? time), 100) * Number(form.elements.speed.value);
    show(Math.min(run.now + passed, run.end));
    if (run.now >= run.end && !extend()) {
      isPlaying = false;
      playButton.textContent = 'Again';
      playButton.setAttribute('aria-pressed', 'false');
    }
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
  run.log.until(time);
  part('clock').textContent = `${(time / 1000).toFixed(1)} s`;
  tell(time, behind);
}

function tell(time, behind) {
  const verdict = part('verdict');
  if (behind > 0) run.agreedAt = undefined;
  else run.agreedAt ??= time;
  const isOver = time >= run.end && (behind === 0 || run.end >= run.trouble + LONGEST_PEACE);
  verdict.dataset.verdict = isOver ? (behind === 0 ? 'good' : 'bad') : '';
  if (!isOver) verdict.textContent = behind === 0 ? 'none' : `${behind} at the moment`;
  else if (behind > 0) verdict.textContent = `${behind} in the end: that must not be`;
  else verdict.textContent = `none: all agree since ${(run.agreedAt / 1000).toFixed(1)} s`;
}

function seedOfAddress() {
  const seed = Number(new URLSearchParams(location.search).get('seed'));
  return Number.isSafeInteger(seed) && seed > 0 ? seed : undefined;
}

function anySeed() {
  return 1 + Math.floor(Math.random() * 100_000);
}
