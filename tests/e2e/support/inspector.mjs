// What tests do with the page for developers.

/** Opens windows with a resource, or with the list alone; `page` is that of a stage. */
export function opener(page) {
  return async (rid = '', options) => {
    const window = await page(`#${rid}`, options);
    await window.until(() => document.querySelector('#list li'));
    if (rid) await looksAt(window, rid);
    return window;
  };
}

export function looksAt(window, rid) {
  return window.until(
    (rid) => document.querySelector('#rid').textContent === rid && document.querySelector('#values:not([hidden])'),
    rid,
  );
}

/** The names on the list. */
export function names(window) {
  return window.page.$$eval('#list li', (items) => items.map((item) => item.textContent));
}

/** The rows as they are read: name and text. */
export function rows(window) {
  return window.page.$$eval('tbody tr', (rows) =>
    rows.map((row) => [row.querySelector('th').textContent, row.querySelector('.json, a')?.textContent]),
  );
}

/** The row of a member or item. */
export function value(window, name) {
  return window.page.locator('tbody tr', { has: window.page.locator(`th:text-is("${name}")`) });
}

/** Waits until a row has a text. */
export function shows(window, name, text) {
  return window.until(
    ([name, text]) =>
      [...document.querySelectorAll('tbody tr')].some(
        (row) => row.querySelector('th').textContent === name && row.querySelector('.json')?.textContent === text,
      ),
    [name, text],
  );
}

/** Waits until a note says this. */
export function notes(window, selector, text) {
  return window.until(([selector, text]) => document.querySelector(selector)?.textContent === text, [selector, text]);
}

/** Opens the field of a value. */
export function begin(window, name) {
  return value(window, name)
    .getByRole('button', { name: `Edit ${name}` })
    .click();
}

/** Edits a value in its place. */
export async function edit(window, name, text) {
  await begin(window, name);
  await window.page.keyboard.type(text);
  await window.page.keyboard.press('Enter');
}
