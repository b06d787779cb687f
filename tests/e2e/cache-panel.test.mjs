import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { stage } from './support/stage.mjs';

suite('the cache, as the panel shows it', () => {
  const { demo } = stage();
  const books = [1, 2, 3, 4, 5].map((id) => `library.book.${id}`);

  /** The cache of the demo page: books are listened to by their rows, and referred to by the collection. */
  const cache = (freshness) => ({
    'demo.control': `1 0 ${freshness}`,
    ...Object.fromEntries(books.map((rid) => [rid, `1 1 ${freshness}`])),
    'library.books': `2 0 ${freshness}`,
    'text.shared': `1 0 ${freshness}`,
    'ticker.history': `2 0 ${freshness}`,
    'ticker.main': `1 0 ${freshness}`,
  });

  /** Waits until the panel shows something, and shows the difference when it does not. */
  async function becomes(window, expected) {
    const same = (expected) => {
      const rows = [...document.querySelectorAll('#connection tbody tr')];
      const part = (row, name) => row.querySelector(`[data-part="${name}"]`).textContent;
      const seen = rows.map(
        (row) => `${row.dataset.rid} ${part(row, 'direct')} ${part(row, 'indirect')} ${part(row, 'freshness')}`,
      );
      return seen.sort().join() === expected;
    };
    const wanted = Object.entries(expected).map((entry) => entry.join(' '));
    await window.until(same, wanted.sort().join()).catch(() => undefined);
    assert.deepEqual(await window.cache(), expected);
  }

  test('every resource has its direct and indirect count', async () => {
    await becomes(await demo(), cache('live'));
  });

  test('everything is stale while the connection is down, and live again after', async () => {
    const window = await demo();
    await window.press('hold');
    await becomes(window, cache('stale'));
    assert.equal(await window.page.getAttribute('[data-action="hold"]', 'aria-pressed'), 'true');
    assert.equal(await window.page.textContent('#state [role="status"]'), 'Kept down');
    await window.press('hold');
    await becomes(window, cache('live'));
    // Which is when the last answer has come.
    await window.until(() => document.querySelector('#state [role="status"]').textContent === 'Connected');
  });

  test('a book that comes and goes is counted, then forgotten', async () => {
    const window = await demo();
    const rid = await window.add('Momo', 'Michael Ende');
    await becomes(window, { ...cache('live'), [rid]: '1 1 live' });
    await window.page.click(`[data-rid="${rid}"] .delete`);
    await becomes(window, cache('live'));
  });
});
