import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { stage } from './support/stage.mjs';

suite('healing', () => {
  const { demo, gateway } = stage();
  const [FIRST, SECOND, THIRD, FOURTH] = [1, 2, 3, 4].map((id) => `library.book.${id}`);

  test('what was edited while the connection was down is drawn again, and nothing else', async () => {
    const [one, other] = [await demo(), await demo()];
    const before = await one.renders();
    await one.press('hold');
    await one.connection('waiting');
    await other.edit(SECOND, 'author', 'edited meanwhile');
    await other.shows(SECOND, 'author', 'edited meanwhile');
    assert.notEqual(await one.field(SECOND, 'author').inputValue(), 'edited meanwhile');

    await one.press('hold');
    await one.shows(SECOND, 'author', 'edited meanwhile');
    await one.connection('connected');
    assert.deepEqual(await one.renders(), { ...before, [SECOND]: before[SECOND] + 1 });
    await one.says('Healed. Since the break, 1 of 5 books was drawn again.');
    await one.neverReloaded();
  });

  test('books that came and went meanwhile come and go, and the others are left alone', async () => {
    const [one, other] = [await demo(), await demo()];
    const before = await one.renders();
    await one.press('hold');
    await one.connection('waiting');
    await other.page.click(`[data-rid="${FOURTH}"] .delete`);
    const added = await other.add('Solaris', 'Stanisław Lem');

    await one.press('hold');
    await one.shows(added, 'author', 'Stanisław Lem');
    await one.until((rid) => !document.querySelector(`.row[data-rid="${rid}"]`), FOURTH);
    delete before[FOURTH];
    assert.deepEqual(await one.renders(), { ...before, [added]: 1 });
    assert.deepEqual(Object.keys(await one.renders()), Object.keys(await other.renders()), 'in the same order');
  });

  test('a connection that is cut comes back by itself', async () => {
    const [one, other] = [await demo(), await demo()];
    const before = await one.renders();
    await one.press('cut');
    await one.until(() => document.querySelector('[data-part="sockets"]').textContent === '2');
    await one.connection('connected');
    assert.deepEqual(await one.renders(), before, 'nothing has changed, so nothing is drawn');
    await other.edit(THIRD, 'title', 'after the cut');
    await one.shows(THIRD, 'title', 'after the cut');
    await one.neverReloaded();
  });

  test('a page that is online, shown or looked at again connects at once', async () => {
    const window = await demo({
      before: () => {
        const { setTimeout } = globalThis;
        // The time for the next attempt never comes.
        globalThis.setTimeout = (run, delay, ...rest) =>
          globalThis.isLate && delay > 0 ? 0 : setTimeout(run, delay, ...rest);
      },
    });
    await window.page.evaluate(() => (globalThis.isLate = true));
    for (const [target, event] of [
      ['window', 'online'],
      ['window', 'pageshow'],
      ['document', 'visibilitychange'],
    ]) {
      await window.press('cut');
      await window.connection('waiting');
      await window.page.evaluate(
        ([target, event]) => globalThis[target].dispatchEvent(new Event(event, { bubbles: true })),
        [target, event],
      );
      await window.connection('connected');
    }
    assert.equal(await window.part('sockets'), '4');
    await window.neverReloaded();
  });

  test('a connection that is dead although its socket is open is found out, and made anew', async () => {
    const window = await demo({
      before: () => {
        const { setTimeout, WebSocket } = globalThis;
        // What the heartbeat waits for comes a hundred times sooner.
        globalThis.setTimeout = (run, delay, ...rest) => setTimeout(run, delay > 20_500 ? delay / 100 : delay, ...rest);
        globalThis.deaf = new Set();
        globalThis.sockets = [];
        globalThis.WebSocket = class extends WebSocket {
          constructor(address) {
            super(address);
            globalThis.sockets.push(this);
          }
          set onmessage(handle) {
            super.onmessage = handle && ((event) => globalThis.deaf.has(this) || handle(event));
          }
        };
      },
    });
    const other = await demo();
    await window.page.evaluate(() => globalThis.deaf.add(globalThis.sockets[0]));
    await other.edit(SECOND, 'author', 'written unheard');
    await window.shows(SECOND, 'author', 'written unheard');
    await window.connection('connected');
    assert.equal(await window.page.evaluate(() => globalThis.sockets.length), 2);
    await window.neverReloaded();
  });

  test('an edit while it is down is refused in words and can be sent later', async () => {
    const [one, other] = [await demo(), await demo()];
    await one.press('hold');
    await one.connection('waiting');
    await one.edit(THIRD, 'author', 'written offline');
    await one.until((rid) => document.querySelector(`.row[data-rid="${rid}"] .note`).textContent, THIRD);
    await one.press('hold');
    await one.connection('connected');
    assert.equal(await one.field(THIRD, 'author').inputValue(), 'written offline', 'the draft is kept');
    await one.field(THIRD, 'author').press('Enter');
    await other.shows(THIRD, 'author', 'written offline');
  });

  test('a service that goes away and comes back changed heals without a reload or a reconnect', async () => {
    const [one, other] = [await demo(), await demo()];
    const before = await one.renders();
    const title = await one.field(FIRST, 'title').inputValue();
    await one.press('restart');
    await other.until(() => document.querySelector('[data-part="library"]').textContent === 'away');
    for (const window of [one, other]) {
      await window.shows(FIRST, 'title', `${title} (edition 2)`);
      await window.until(() => document.querySelector('[data-part="library"]').textContent === 'running');
      assert.equal(await window.part('sockets'), '1');
      await window.neverReloaded();
    }
    assert.deepEqual(await one.renders(), { ...before, [FIRST]: before[FIRST] + 1 });
    await other.edit(SECOND, 'title', 'after the restart');
    await one.shows(SECOND, 'title', 'after the restart');
  });

  test('a page that cannot connect at first loads as soon as it can', async () => {
    const window = await demo({
      before: () => {
        const Real = WebSocket;
        let refusals = 2;
        globalThis.WebSocket = function (address) {
          if (refusals-- > 0) throw new Error('refused');
          return new Real(address);
        };
      },
    });
    assert.equal(Object.keys(await window.renders()).length, 5);
    await window.neverReloaded();
  });

  test('a gateway that dies and starts again heals under an open page', async () => {
    const window = await demo();
    await window.edit(SECOND, 'title', 'will be forgotten');
    await window.answered(SECOND);
    const before = await window.renders();
    await gateway.kill();
    await window.connection('waiting');
    await gateway.start();
    await window.connection('connected');
    // The service has started anew with its first books.
    await window.shows(SECOND, 'title', 'Brave New World');
    await window.shows(FOURTH, 'title', 'Dracula');
    assert.equal(
      (await window.renders())['library.book.5'],
      before['library.book.5'],
      'an unchanged row is left alone',
    );
    await window.edit('library.book.5', 'title', 'Persuasion');
    await (await demo()).shows('library.book.5', 'title', 'Persuasion');
    await window.neverReloaded();
    // The browser itself reports an attempt that finds nobody there.
    const unexpected = window.complaints.filter((text) => !/^WebSocket connection to .* failed/.test(text));
    window.complaints.splice(0, window.complaints.length, ...unexpected);
  });
});
