import MiniSearch from 'minisearch';
import { OPTIONS } from './options.js';

const MOST = 8;

const form = document.querySelector('[role="search"]');
const input = form.querySelector('input');
const list = form.querySelector('[data-part="results"]');
const status = form.querySelector('[role="status"]');
let index;

form.hidden = false;
form.addEventListener('submit', async (event) => {
  event.preventDefault();
  await show();
  list.querySelector('a')?.click();
});
input.addEventListener('input', show);
input.addEventListener('click', show);
form.addEventListener('keydown', (event) => {
  const links = [...list.querySelectorAll('a')];
  const at = links.indexOf(document.activeElement);
  if (event.key === 'Escape') {
    close();
    input.focus();
  } else if (event.key === 'ArrowDown') (links[at + 1] ?? links[0])?.focus();
  else if (event.key === 'ArrowUp') (at > 0 ? links[at - 1] : input).focus();
  else return;
  event.preventDefault();
});
document.addEventListener('keydown', (event) => {
  if (event.key !== 'k' || !(event.ctrlKey || event.metaKey)) return;
  event.preventDefault();
  input.focus();
});
document.addEventListener('click', ({ target }) => {
  // A place in the page that is open is no reason to load another.
  if (!form.contains(target) || target.closest('a')) close();
});
form.addEventListener('focusout', ({ relatedTarget }) => {
  if (relatedTarget && !form.contains(relatedTarget)) close();
});

async function show() {
  const text = input.value.trim();
  if (!text) return close();
  const searched = await load().catch(() => undefined);
  // It may have been written on meanwhile.
  if (text !== input.value.trim()) return;
  if (!searched) return tell([], 'The index cannot be loaded. Try again when there is a connection.');
  const found = searched.search(text).slice(0, MOST);
  tell(found, found.length ? `${found.length} found` : `Nothing is found for “${text}”`);
}

function tell(found, words) {
  list.replaceChildren(...found.map(result));
  list.hidden = found.length === 0;
  status.textContent = words;
  status.classList.toggle('shown', found.length === 0);
}

function close() {
  list.hidden = true;
  status.textContent = '';
  status.classList.remove('shown');
}

function result({ id, heading, page }) {
  const item = document.createElement('li');
  const link = document.createElement('a');
  const where = document.createElement('small');
  link.href = id;
  link.textContent = heading;
  where.textContent = page;
  link.append(where);
  item.append(link);
  return item;
}

/** The index is loaded when somebody searches. */
function load() {
  index ??= fetch('/docs/search.json')
    .then((response) => (response.ok ? response.text() : Promise.reject(new Error(`status ${response.status}`))))
    .then((text) => MiniSearch.loadJSON(text, OPTIONS))
    .catch((error) => {
      index = undefined;
      throw error;
    });
  return index;
}
