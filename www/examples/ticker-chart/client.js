import ResClient from 'resclient-wasm';
import uPlot from 'uplot';
import 'uplot/dist/uPlot.min.css';

const client = new ResClient(import.meta.env.VITE_GATEWAY ?? 'ws://localhost:8080');
const part = (id) => document.getElementById(id);
const failed = (error) => (part('note').textContent = error.message);

// While there is no connection what is shown may be out of date; when there is one again, it heals by itself.
client.on('state', ({ state }) => {
  part('state').textContent =
    { connected: '', stale: 'Catching up …', waiting: 'No connection. Trying again …' }[state] ?? '…';
});

client.subscribe(
  'ticker.main',
  ({ symbol, price }) => {
    part('symbol').textContent = symbol;
    part('price').textContent = price.toFixed(2);
  },
  failed,
);

let plot;

// A point comes and the oldest goes four times a second; what the client keeps is the array that is drawn.
client.subscribe(
  'ticker.history',
  (points) => {
    const data = [points.list.map(({ t }) => t / 1000), points.list.map(({ v }) => v)];
    if (plot) plot.setData(data);
    else plot = chart(data);
  },
  failed,
);

function chart(data) {
  const element = part('chart');
  const width = () => element.clientWidth - 44;
  const colour = (name) => getComputedStyle(document.documentElement).getPropertyValue(name);
  const axis = {
    stroke: () => colour('--muted'),
    grid: { stroke: () => colour('--line'), width: 1 },
    ticks: { show: false },
  };
  const options = {
    width: width(),
    height: 240,
    legend: { show: false },
    cursor: { show: false },
    axes: [axis, { ...axis, size: 44 }],
    series: [{}, { stroke: () => colour('--accent'), width: 2, points: { show: false } }],
  };
  const made = new uPlot(options, data, element);
  new ResizeObserver(() => made.setSize({ width: width(), height: 240 })).observe(element);
  matchMedia('(prefers-color-scheme: dark)').addEventListener('change', () => made.redraw());
  return made;
}
