/** A line over time on a canvas, drawn in the pixels of the screen and in the colours of the style sheet. */
export class Chart {
  #canvas;
  #context;
  #width = 0;
  #height = 0;
  #low;
  #high;
  #onResize;

  /** `onResize` is called when what was drawn is gone, because the size or the colours have changed. */
  constructor(canvas, onResize) {
    this.#canvas = canvas;
    this.#context = canvas.getContext('2d');
    this.#onResize = onResize;
    new ResizeObserver(() => this.#fit()).observe(canvas);
    matchMedia('(prefers-color-scheme: dark)').addEventListener('change', () => this.#onResize());
    this.#followRatio();
  }

  /**
   * Draws the points `{t, v}` from `start` to `end`, in ms. `ease`, from 0 to 1, is how far the scale goes towards what
   * the points need. Gives where the line ends.
   */
  draw(points, { start, end, ease, stale }) {
    const context = this.#context;
    const colour = palette(this.#canvas);
    context.clearRect(0, 0, this.#width, this.#height);
    if (points.length < 2) return undefined;
    this.#scale(points, ease);
    const plot = { left: 0, right: this.#width - MARGIN.right, top: MARGIN.top, bottom: this.#height - MARGIN.bottom };
    const x = (t) => plot.left + ((t - start) / (end - start)) * (plot.right - plot.left);
    const y = (v) => plot.bottom - ((v - this.#low) / (this.#high - this.#low)) * (plot.bottom - plot.top);

    this.#grid(plot, y, colour);
    const tip = valueAt(points, end);
    const tipX = Math.min(x(tip.t), plot.right);
    if (plot.right - tipX > GAP) this.#missing(tipX, plot, colour);

    context.save();
    context.beginPath();
    context.rect(plot.left, 0, tipX - plot.left, this.#height);
    context.clip();
    const line = new Path2D();
    for (const { t, v } of points) line.lineTo(x(t), y(v));
    const area = new Path2D(line);
    area.lineTo(x(points.at(-1).t), plot.bottom);
    area.lineTo(x(points[0].t), plot.bottom);
    const shade = context.createLinearGradient(0, plot.top, 0, plot.bottom);
    const ink = stale ? colour.muted : colour.accent;
    // The colours of the style sheet have six digits; two more are their alpha.
    shade.addColorStop(0, `${ink}2e`);
    shade.addColorStop(1, `${ink}00`);
    context.fillStyle = shade;
    context.fill(area);
    context.strokeStyle = ink;
    context.lineWidth = 1.75;
    context.lineJoin = 'round';
    context.stroke(line);
    context.restore();
    this.#dot(tipX, y(tip.v), stale, ink, colour);
    return tip;
  }

  #scale(points, ease) {
    const values = points.map(({ v }) => v);
    const [least, most] = [Math.min(...values), Math.max(...values)];
    const room = Math.max((most - least) * 0.14, Math.abs(most) * 0.0005, 1e-9);
    const [low, high] = [least - room, most + room];
    this.#low = this.#low === undefined ? low : this.#low + (low - this.#low) * ease;
    this.#high = this.#high === undefined ? high : this.#high + (high - this.#high) * ease;
  }

  #grid(plot, y, colour) {
    const context = this.#context;
    context.font = colour.font;
    context.textBaseline = 'middle';
    context.lineWidth = 1;
    for (const value of roundValues(this.#low, this.#high)) {
      // A line of one pixel is crisp only between the pixels.
      const at = Math.round(y(value)) + 0.5;
      context.strokeStyle = colour.line;
      context.beginPath();
      context.moveTo(plot.left, at);
      context.lineTo(plot.right, at);
      context.stroke();
      context.fillStyle = colour.muted;
      context.fillText(label(value), plot.right + 10, at);
    }
  }

  /** What has not come yet is shown as such. */
  #missing(from, plot, colour) {
    const context = this.#context;
    context.save();
    context.beginPath();
    context.rect(from, plot.top, plot.right - from, plot.bottom - plot.top);
    context.clip();
    context.strokeStyle = colour.line;
    context.lineWidth = 1;
    context.beginPath();
    const height = plot.bottom - plot.top;
    for (let at = Math.floor((from - height) / 8) * 8; at < plot.right; at += 8) {
      context.moveTo(at, plot.bottom);
      context.lineTo(at + height, plot.top);
    }
    context.stroke();
    context.restore();
  }

  #dot(x, y, stale, ink, colour) {
    const context = this.#context;
    context.beginPath();
    context.arc(x, y, 4, 0, 2 * Math.PI);
    context.fillStyle = stale ? colour.surface : ink;
    context.fill();
    context.lineWidth = 2;
    context.strokeStyle = stale ? ink : colour.surface;
    context.stroke();
  }

  #fit() {
    const { width, height } = this.#canvas.getBoundingClientRect();
    const ratio = devicePixelRatio;
    this.#width = width;
    this.#height = height;
    this.#canvas.width = Math.round(width * ratio);
    this.#canvas.height = Math.round(height * ratio);
    this.#context.setTransform(ratio, 0, 0, ratio, 0, 0);
    this.#onResize();
  }

  /** A window that goes to another screen may have other pixels. A query matches one ratio, so it is asked anew. */
  #followRatio() {
    matchMedia(`(resolution: ${devicePixelRatio}dppx)`).addEventListener(
      'change',
      () => {
        this.#fit();
        this.#followRatio();
      },
      { once: true },
    );
  }
}

/** The point of the line at a time, or its last point. */
export function valueAt(points, time) {
  const after = points.findIndex(({ t }) => t >= time);
  if (after < 0) return points.at(-1);
  if (after === 0) return points[0];
  const [a, b] = [points[after - 1], points[after]];
  return { t: time, v: a.v + ((b.v - a.v) * (time - a.t)) / (b.t - a.t || 1) };
}

function palette(element) {
  const style = getComputedStyle(element);
  const of = (name) => style.getPropertyValue(name).trim();
  return {
    accent: of('--accent'),
    muted: of('--muted'),
    line: of('--line'),
    surface: of('--surface'),
    font: `11px ${style.fontFamily}`,
  };
}

/** Some values of 1, 2 or 5 times a power of ten. */
function roundValues(low, high) {
  const rough = (high - low) / 4.5;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].find((factor) => factor * power >= rough) * power;
  const values = [];
  for (let at = Math.ceil(low / step); at * step < high; at += 1) values.push(at * step);
  return values;
}

const label = (value) => value.toFixed(Math.abs(value) < 10 ? 2 : 1);

const MARGIN = { top: 8, right: 52, bottom: 8 };

/** How many pixels may be without a line before it counts as missing. */
const GAP = 12;
