/** Resources of a client that are shown: chains without an end are long. */
const MOST = 24;

/** What the look of a resource says, as the legend has it. */
const MEANINGS = Object.fromEntries(
  [...document.querySelectorAll('.legend [data-state]')].map((term) => [
    term.dataset.state,
    term.nextElementSibling.textContent,
  ]),
);

const template = document.getElementById('node').content.firstElementChild;

/** Draws clients, gateways, the bus and the services. */
export function showNodes({ clients, gateways, bus, services }, part) {
  draw(
    part('clients'),
    clients.map(({ state, gateway, resources }, n) => ({
      name: `Client ${n}`,
      state: gateway === null || state === 'waiting' ? state : `${state}, gateway ${gateway}`,
      well: { connected: 'yes', comparing: 'soon', connecting: 'soon' }[state] ?? 'no',
      facts: resources.length > MOST ? `${resources.length} resources` : resources.length === 0 ? 'holds nothing' : '',
      chips: resources.slice(0, MOST),
    })),
  );
  draw(
    part('gateways'),
    gateways.map(({ state, clients, cached }, n) => ({
      name: `Gateway ${n}`,
      state,
      well: state === 'up' ? 'yes' : 'no',
      facts: `${clients} ${clients === 1 ? 'client' : 'clients'}, ${cached} ${cached === 1 ? 'resource' : 'resources'}`,
    })),
  );
  draw(part('bus'), [{ name: 'NATS', state: bus ? 'up' : 'down', well: bus ? 'yes' : 'no' }]);
  draw(
    part('services'),
    services.map(({ name, state }) => ({
      name,
      state,
      well: { up: 'yes', slow: 'soon', lies: 'soon' }[state] ?? 'no',
    })),
  );
}

/** What the script does, as far as it has come. */
export class Log {
  #list;
  #script;
  #trouble;
  #shown = 0;

  constructor(list, script, trouble) {
    this.#list = list;
    this.#script = script;
    this.#trouble = trouble;
    list.replaceChildren();
  }

  until(time) {
    const before = this.#shown;
    while (this.#script[this.#shown]?.at <= time) {
      const { at, who, text } = this.#script[this.#shown++];
      this.#write(at, who === 'fault' ? text : `${who}: ${text}`, who);
    }
    if (time >= this.#trouble && this.#trouble > 0) {
      this.#write(this.#trouble, 'Peace: everything works again.', 'peace');
      this.#trouble = 0;
    }
    if (this.#shown !== before) this.#list.scrollTop = this.#list.scrollHeight;
  }

  #write(at, text, kind) {
    const line = document.createElement('li');
    line.className = kind === 'fault' || kind === 'peace' ? kind : '';
    line.textContent = `${(at / 1000).toFixed(1).padStart(5)} s  ${text}`;
    this.#list.append(line);
  }
}

/** Keeps as many cards as there are nodes, and changes only what is another. */
function draw(place, nodes) {
  while (place.children.length < nodes.length) place.append(template.cloneNode(true));
  while (place.children.length > nodes.length) place.lastElementChild.remove();
  nodes.forEach(({ name, state, well, facts = '', chips = [] }, n) => {
    const card = place.children[n];
    card.dataset.well = well;
    write(card, 'name', name);
    write(card, 'state', state);
    write(card, 'facts', facts);
    drawChips(card.querySelector('[data-part="chips"]'), chips);
  });
}

function drawChips(list, resources) {
  while (list.children.length < resources.length) {
    const chip = document.createElement('li');
    chip.className = 'chip';
    chip.append('', element('span', 'unseen'));
    list.append(chip);
  }
  while (list.children.length > resources.length) list.lastElementChild.remove();
  resources.forEach(({ rid, state, direct, value, truth }, n) => {
    const chip = list.children[n];
    if (chip.firstChild.data !== rid) chip.firstChild.data = rid;
    if (chip.dataset.state !== state) chip.lastChild.textContent = `: ${MEANINGS[state]}`;
    chip.dataset.state = state;
    const wanted = direct > 0 ? `${direct} listeners` : 'referred to';
    chip.title =
      state === 'other'
        ? `${JSON.stringify(value)}\nthe service: ${JSON.stringify(truth)}`
        : `${wanted}\n${JSON.stringify(value)}`;
  });
}

function element(name, className) {
  const made = document.createElement(name);
  made.className = className;
  return made;
}

function write(card, name, text) {
  const place = card.querySelector(`[data-part="${name}"]`);
  if (place.textContent !== text) place.textContent = text;
}
