import { Chart } from './chart.js';

/** The price as a number and its last 30 seconds as a line that moves on with the time. */
export class Ticker {
  #figure;
  #chart;
  #model;
  #history;
  #points = [];
  #clock = new ServiceClock();
  #drawnAt = 0;
  #requested = false;
  #stale = false;
  #still = matchMedia('(prefers-reduced-motion: reduce)');

  constructor(figure) {
    this.#figure = figure;
    this.#chart = new Chart(figure.querySelector('canvas'), () => this.#request());
  }

  /** Loads the series and follows it. */
  async follow(client) {
    [this.#model, this.#history] = await Promise.all([client.get('ticker.main'), client.get('ticker.history')]);
    this.#model.on('change', () => this.#showPrice());
    this.#history.on('add', () => this.#arrived());
    this.#history.on('remove', () => this.#arrived());
    this.#figure.querySelector('h2').textContent = this.#model.symbol;
    this.#showPrice();
    this.#arrived();
  }

  /** Whether the series is followed at present. */
  set stale(stale) {
    this.#stale = stale;
    this.#figure.classList.toggle('stale', stale);
    this.#part('hint').textContent = stale ? 'stale, the missing part will be filled in' : '';
    this.#request();
  }

  #showPrice() {
    this.#part('price').textContent = this.#model.price.toFixed(2);
    const first = this.#points[0]?.v;
    if (first === undefined) return;
    const percent = (this.#model.price / first - 1) * 100;
    this.#part('delta').textContent = `${percent < 0 ? '−' : '+'}${Math.abs(percent).toFixed(2)} %`;
  }

  #arrived() {
    this.#points = this.#history.toArray();
    const last = this.#points.at(-1);
    if (!last) return;
    this.#clock.heard(last.t);
    this.#figure.dataset.points = this.#points.length;
    this.#figure.dataset.last = last.t;
    this.#request();
  }

  #request() {
    if (this.#requested) return;
    this.#requested = true;
    requestAnimationFrame((now) => this.#draw(now));
  }

  #draw(now) {
    this.#requested = false;
    if (this.#points.length < 2) return;
    const passed = now - this.#drawnAt;
    const still = this.#still.matches;
    // A screen's every frame would be more than the eye needs for a line that moves so slowly.
    if (passed >= FRAME || still) {
      this.#drawnAt = now;
      const end = this.#clock.now() - LAG;
      const ease = still ? 1 : 1 - Math.exp(-passed / 240);
      this.#chart.draw(this.#points, { start: end - SPAN, end, ease, stale: this.#stale });
    }
    if (!still) this.#request();
  }

  #part(name) {
    return this.#figure.querySelector(`[data-part="${name}"]`);
  }
}

/** The time of the service, as far as the times of its points tell: what came quickest was the least late. */
class ServiceClock {
  #ahead;

  heard(time) {
    const ahead = time - performance.now();
    const jumped = Math.abs(ahead - this.#ahead) > 60_000;
    if (this.#ahead === undefined || ahead > this.#ahead || jumped) this.#ahead = ahead;
  }

  now() {
    return performance.now() + this.#ahead;
  }
}

/** The line ends a little before now, so that the next point is there before it is needed. */
const LAG = 350;
const SPAN = 29_000;
const FRAME = 1000 / 31;
