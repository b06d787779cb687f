/** Shows what `npm run bench` has written, as far as it was run before the page was made. */
const runs = await (await fetch('/benchmark/runs.json')).json();
const part = (root, name) => root.querySelector(`[data-part='${name}']`);

part(document, 'status').textContent = runs.length
  ? ''
  : 'There is no run yet: `npm run bench`, and then `npm start` again.';
for (const run of runs) part(document, 'runs').append(show(run));

function show({ machine, rows }) {
  const section = document.querySelector('#run').content.cloneNode(true);
  part(section, 'engine').textContent = machine.engine;
  part(section, 'machine').textContent =
    `${machine.cpu}, ${machine.cores} cores; ${new Date(machine.at).toLocaleString()}. ` +
    'Times in ms, memory in bytes; of a bar, the dot is the median of the rounds.';
  section.querySelector('.scroll').setAttribute('aria-label', machine.engine);
  const faster = Object.values(rows).filter(({ unit }) => unit === '× as fast');
  const most = Math.max(...faster.flatMap(({ value, spread, target }) => [value, spread?.[1] ?? 0, target ?? 0]));
  const body = section.querySelector('tbody');
  for (const [name, row] of Object.entries(rows)) body.append(line(name, row, most));
  return section;
}

function line(name, { what, ours, resclient, value, spread, unit, target, met }, most) {
  const tr = document.createElement('tr');
  const head = document.createElement('th');
  head.scope = 'row';
  head.append(Object.assign(document.createElement('span'), { className: 'name', textContent: name }), ` ${what}`);
  tr.append(head, cell(value === undefined ? '–' : `${figure(value)} ${unit}`, 'value'));
  const range = cell('', 'range');
  if (unit === '× as fast' && value) range.append(bar(spread ?? [value, value], value, target, most));
  else if (spread) range.textContent = spread.map(figure).join('–');
  const verdict = cell(target === undefined ? '' : `${figure(target)} `, 'target');
  if (met !== undefined) {
    const text = met ? 'met' : 'missed';
    verdict.append(Object.assign(document.createElement('strong'), { className: text, textContent: text }));
  }
  tr.append(range, verdict, cell(figure(ours), 'number'), cell(figure(resclient), 'number'));
  return tr;
}

/** From 1 to the most, in logarithms: the range, the median, and a mark where the target is. */
function bar([least, greatest], value, target, most) {
  const place = (number) => (100 * Math.log(Math.max(number, 1))) / Math.log(Math.max(most, 2));
  const svg = (name, attributes) => {
    const element = document.createElementNS('http://www.w3.org/2000/svg', name);
    for (const [key, each] of Object.entries(attributes)) element.setAttribute(key, each);
    return element;
  };
  const label = `${figure(least)} to ${figure(greatest)} times as fast`;
  const chart = svg('svg', { viewBox: '0 0 104 12', role: 'img', 'aria-label': label });
  const y = { y1: 6, y2: 6 };
  chart.append(svg('line', { class: 'scale', x1: 2, x2: 102, ...y }));
  chart.append(svg('line', { class: 'spread', x1: 2 + place(least), x2: 2 + place(greatest), ...y }));
  if (target)
    chart.append(svg('line', { class: 'wanted', x1: 2 + place(target), x2: 2 + place(target), y1: 1, y2: 11 }));
  chart.append(svg('circle', { class: 'median', cx: 2 + place(value), cy: 6, r: 2.5 }));
  return chart;
}

function cell(text, name) {
  return Object.assign(document.createElement('td'), { textContent: text, className: name });
}

function figure(number) {
  if (number === undefined) return '';
  return Math.abs(number) >= 100 ? Math.round(number).toLocaleString('en') : number.toPrecision(3);
}
