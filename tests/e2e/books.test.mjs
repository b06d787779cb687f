import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { stage } from './support/stage.mjs';

suite('books in several windows', () => {
  const { demo } = stage();
  const [FIRST, SECOND, THIRD] = [1, 2, 3].map((id) => `library.book.${id}`);

  test('an edit in one window is in the other, and draws that row only', async () => {
    const [one, other] = [await demo(), await demo()];
    const before = await other.renders();
    await one.edit(SECOND, 'title', 'Island');
    await other.shows(SECOND, 'title', 'Island');
    await other.edit(SECOND, 'author', 'A. Huxley');
    await one.shows(SECOND, 'author', 'A. Huxley');
    // The one window may hear of it before the other.
    await other.until(
      ([rid, times]) => Number(document.querySelector(`.row[data-rid="${rid}"]`).dataset.renders) >= times,
      [SECOND, before[SECOND] + 2],
    );
    assert.deepEqual(await other.renders(), { ...before, [SECOND]: before[SECOND] + 2 });
  });

  test('leaving a field saves it', async () => {
    const [one, other] = [await demo(), await demo()];
    await one.field(FIRST, 'author').fill('Eric Blair');
    await one.page.keyboard.press('Tab');
    await other.shows(FIRST, 'author', 'Eric Blair');
  });

  test('a book added in one window comes and goes in both', async () => {
    const [one, other] = [await demo(), await demo()];
    const before = await other.renders();
    const rid = await one.add('Frankenstein', 'Mary Shelley');
    await other.shows(rid, 'author', 'Mary Shelley');
    assert.deepEqual(await other.renders(), { ...before, [rid]: 1 });
    // The form is ready for the next book.
    await one.until(() => document.querySelector('.add [name="title"]').value === '');

    await other.page.click(`[data-rid="${rid}"] .delete`);
    await one.until((rid) => !document.querySelector(`.row[data-rid="${rid}"]`), rid);
    await other.until((rid) => !document.querySelector(`.row[data-rid="${rid}"]`), rid);
    assert.deepEqual(await other.renders(), before);
  });

  test('what the service refuses is said, and the draft is kept until it is taken back', async () => {
    const [window] = [await demo()];
    const note = `.row[data-rid="${THIRD}"] .note`;
    const title = await window.field(THIRD, 'title').inputValue();
    await window.edit(THIRD, 'title', ' ');
    await window.until((note) => document.querySelector(note).textContent, note);
    assert.equal(await window.page.textContent(note), 'The title must not be empty.');
    assert.equal(await window.field(THIRD, 'title').getAttribute('aria-invalid'), 'true');
    assert.equal(await window.field(THIRD, 'title').inputValue(), ' ');

    await window.page.keyboard.press('Escape');
    assert.equal(await window.field(THIRD, 'title').inputValue(), title);
    assert.equal(await window.page.isVisible(note), false);
  });

  test('a book without a title is refused in words', async () => {
    const window = await demo();
    const before = await window.renders();
    await window.page.fill('.add [name="author"]', 'Anonymous');
    await window.page.click('.add button');
    await window.until(() => document.querySelector('.add .note').textContent === 'The title must not be empty.');
    assert.equal(await window.page.inputValue('.add [name="author"]'), 'Anonymous');
    assert.deepEqual(await window.renders(), before);
  });

  test('a draft is not overwritten by another window', async () => {
    const [one, other] = [await demo(), await demo()];
    await one.field(THIRD, 'title').fill('My draft');
    await other.edit(THIRD, 'title', 'Theirs');
    await one.until((rid) => document.querySelector(`.row[data-rid="${rid}"] .note`).textContent, THIRD);
    assert.equal(await one.field(THIRD, 'title').inputValue(), 'My draft');
    await one.page.keyboard.press('Enter');
    await other.shows(THIRD, 'title', 'My draft');
  });

  test('all of it works from the keyboard', async () => {
    const window = await demo();
    await window.page.focus('.add [name="title"]');
    await window.page.keyboard.type('Gilgamesh');
    await window.page.keyboard.press('Tab');
    await window.page.keyboard.type('Unknown');
    await window.page.keyboard.press('Enter');
    await window.until(() => document.querySelector('.row:last-child [data-member="title"]').value === 'Gilgamesh');
    await window.until(() => document.activeElement.name === 'title');
    // Backwards from the form: the last row's button, its author, its title.
    await window.page.keyboard.press('Shift+Tab');
    await window.page.keyboard.press('Shift+Tab');
    await window.page.keyboard.press('Control+A');
    await window.page.keyboard.type('Sîn-lēqi-unninni');
    await window.page.keyboard.press('Tab');
    const label = () => document.activeElement.getAttribute('aria-label');
    assert.equal(await window.page.evaluate(label), 'Delete Gilgamesh');
    await window.until(() => document.querySelector('.row:last-child').dataset.renders === '2');
    await window.page.keyboard.press('Enter');
    await window.until(() => document.querySelectorAll('.row').length === 5);
    assert.match(await window.page.evaluate(label), /^Delete /, 'the next button has the focus');
  });

  test('the line that all windows share follows every keystroke', async () => {
    const [one, other] = [await demo(), await demo()];
    await one.page.fill('#shared-text', '');
    await one.page.type('#shared-text', 'Grüße, 世界 🌍');
    await other.until(() => document.querySelector('#shared-text').value === 'Grüße, 世界 🌍');
    assert.equal(await one.page.inputValue('#shared-text'), 'Grüße, 世界 🌍');
  });
});
