// The page for developers: what the gateway serves, live, to look at, change and call.

import { CallForm } from './call.js';
import { Connection } from './connection.js';
import { beforeFrame } from './dom.js';
import { EventLog } from './events.js';
import { Followed, LIST } from './followed.js';
import { List } from './list.js';
import { ResourceView } from './resource.js';
import { reference } from './value.js';

const { wsPath, apiPath, frameBytes } = document.documentElement.dataset;
// Below the address of the page, which a proxy may have put somewhere else than the gateway has it.
const below = (path) => new URL(`.${path}`, document.baseURI);

const find = (id) => document.getElementById(id);
const article = find('resource');
let chosen;
let wasConnected = false;
/** The names on the list, as it was shown last. */
let listed = new Set();
/** Thousands may come and go at once. */
const showList = beforeFrame(drawList);

const connection = new Connection(webSocketAddress(), Number(frameBytes), {
  state: (state, why) => {
    showState(state, why);
    wasConnected ||= state === 'connected';
    if (state === 'connected') void followed.connected();
    if (state === 'lost' && !wasConnected) void explain();
  },
  event: (rid, name, data) => followed.event(rid, name, data),
});

const followed = new Followed(connection, {
  whole: (rid) => {
    if (rid === LIST) showList();
    if (rid === chosen) view.whole();
  },
  event: (rid, name, data) => {
    if (rid === LIST) showList();
    view.event(rid, name, data);
    if (rid !== chosen) return;
    events.add(name, data);
    // It may be there again: a model that becomes a collection is deleted first.
    if (name === 'unsubscribe' && listed.has(rid)) followed.retry((rid) => rid === chosen);
  },
});

const list = new List(find('list'));
const view = new ResourceView(article, {
  followed,
  call: (method, params) => send('call', method, params),
  apiPath: below(apiPath).href,
});
const events = new EventLog(article);
const form = new CallForm(article, send);

window.addEventListener('hashchange', choose);
find('skip').addEventListener('click', () => find('main').focus());
choose();
connection.connect();

/** The resource that the address names is the one to look at, so that it can be linked and gone back to. */
function choose() {
  const rid = ridOfAddress();
  document.body.classList.toggle('chosen', Boolean(rid));
  document.title = rid ? `${rid} · res-gateway` : 'Resources of this gateway';
  find('start').hidden = Boolean(rid);
  article.hidden = !rid;
  list.choose(rid);
  if (rid === chosen) return;
  chosen = rid;
  // The browser goes to a part of the page instead if that has the name of the resource.
  window.scrollTo(0, 0);
  if (rid) view.open(rid);
  events.clear();
  form.clear();
  followed.follow(rid);
  if (rid === LIST) view.draw();
  // On a small screen the link that was followed is not there any more.
  if (rid && !find('list').offsetParent) find('rid').focus();
}

function ridOfAddress() {
  const text = location.hash.slice(1);
  try {
    return decodeURIComponent(text) || undefined;
  } catch {
    return text;
  }
}

function drawList() {
  const { kind, value } = followed.get(LIST) ?? {};
  if (kind !== 'collection') {
    list.fail(value?.message ?? '');
    listed.clear();
    return;
  }
  const names = value.map(reference);
  list.show(names);
  const before = listed;
  listed = new Set(names);
  followed.retry((rid) => listed.has(rid) && (rid === chosen || !before.has(rid)));
}

async function send(type, method, params) {
  const result = await connection.request(`${type}.${chosen}.${method}`, params);
  if (typeof result?.rid === 'string') {
    // It was subscribed to by that. It stays where something that is followed refers to it.
    followed.take(result);
    void connection.request(`unsubscribe.${result.rid}`).catch(() => {});
  }
  return result;
}

function showState(state, why) {
  const pill = find('state');
  pill.dataset.connection = state;
  pill.querySelector('[role="status"]').textContent = {
    connecting: 'Connecting',
    connected: 'Live',
    lost: 'Reconnecting',
  }[state];
  document.body.classList.toggle('stale', state === 'lost');
  if (state === 'connected') find('notice').hidden = true;
  if (!why) return;
  find('notice').hidden = false;
  find('notice').textContent = why;
}

/** A gateway that gives out this page and takes no WebSocket from it was told to. */
async function explain() {
  const isThere = await fetch(document.baseURI.split('#')[0], { method: 'HEAD', cache: 'no-store' }).catch(
    () => undefined,
  );
  find('notice').hidden = !isThere?.ok || find('state').dataset.connection === 'connected';
  find('notice').textContent =
    `The gateway is there, but takes no WebSocket from this page. If it allows certain origins only, ` +
    `add this one: --alloworigin "${location.origin}".`;
}

function webSocketAddress() {
  const address = below(wsPath);
  address.protocol = address.protocol.replace('http', 'ws');
  return address.href;
}
