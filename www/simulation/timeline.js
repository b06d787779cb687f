const SVG = 'http://www.w3.org/2000/svg';
const [WIDTH, HEIGHT] = [1000, 120];

/** How many values differ, over the time of a run, with the moments at which something breaks. */
export class Timeline {
  #svg;
  #script;
  #trouble;
  #end;
  #line;
  #points = [];

  constructor(svg, { script, trouble, end }) {
    this.#svg = svg;
    this.#script = script;
    this.#trouble = trouble;
    this.end = end;
  }

  /** Until when it goes. */
  set end(end) {
    this.#end = end;
    const faults = this.#script
      .filter(({ who }) => who === 'fault')
      .map(({ at }) => {
        const x = this.#x(at);
        return element('line', { class: 'fault', x1: x, x2: x, y1: 0, y2: 10 });
      });
    const x = this.#x(this.#trouble);
    const peace = element('rect', { class: 'peace', x, y: 0, width: WIDTH - x, height: HEIGHT });
    this.#line = element('path', { class: 'behind' });
    this.#svg.replaceChildren(peace, ...faults, this.#line);
  }

  /** So many differ at that time, which is later than that of the last call. */
  add(time, count) {
    if (this.#points.at(-1)?.count !== count) this.#points.push({ time, count });
    const most = Math.max(4, ...this.#points.map(({ count }) => count));
    const y = (count) => HEIGHT - (count / most) * (HEIGHT - 16);
    let path = `M0 ${HEIGHT}`;
    let before = 0;
    for (const { time, count } of this.#points) {
      path += `L${this.#x(time)} ${y(before)}V${y(count)}`;
      before = count;
    }
    this.#line.setAttribute('d', `${path}H${this.#x(time)}V${HEIGHT}Z`);
  }

  #x(time) {
    return (time / this.#end) * WIDTH;
  }
}

function element(name, attributes) {
  const made = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  return made;
}
