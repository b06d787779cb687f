import assert from 'node:assert/strict';

/** A window of its own: a browser context with one page, and everything the page complained about. */
export class Window {
  page;
  complaints = [];
  #context;

  /**
   * Opens a page. `options` are those of a browser context; motion is reduced unless they say otherwise. `before` is a
   * function that runs in the page before its own scripts.
   */
  static async open(browser, address, { before, ...options } = {}) {
    const window = new Window();
    window.#context = await browser.newContext({ reducedMotion: 'reduce', ...options });
    window.page = await window.#context.newPage();
    window.page.setDefaultTimeout(PATIENCE);
    if (before) await window.page.addInitScript(before);
    window.page.on('pageerror', (error) => window.complaints.push(error.message));
    window.page.on('console', (message) => {
      if (['error', 'warning'].includes(message.type())) window.complaints.push(message.text());
    });
    window.page.on('requestfailed', (request) => {
      // What is on its way when the page is left for another is given up by the page itself.
      const isLeft = request.failure().errorText === 'net::ERR_ABORTED';
      if (!isLeft) window.complaints.push(`failed: ${request.url()}`);
    });
    window.page.on('response', (response) => {
      if (response.status() >= 400) window.complaints.push(`${response.status()}: ${response.url()}`);
    });
    await window.page.goto(address);
    // A page that is loaded anew forgets this.
    await window.page.evaluate(() => (globalThis.loadedOnce = true));
    return window;
  }

  /** Waits until a function is true in the page. */
  async until(condition, argument) {
    try {
      await this.page.waitForFunction(condition, argument);
    } catch (error) {
      const wanted = `waiting for ${condition} of ${JSON.stringify(argument)}`;
      throw new Error([error.message, wanted, ...this.complaints].join('\n'), { cause: error });
    }
  }

  /** Whether the page is still the one that was opened. */
  async neverReloaded() {
    assert.equal(await this.page.evaluate(() => globalThis.loadedOnce), true);
  }

  async close() {
    await this.#context.close();
  }
}

/** A demo page with its books on it. */
export class DemoWindow {
  #window;
  page;

  static async open(browser, address, options) {
    const demo = new DemoWindow();
    demo.#window = await Window.open(browser, address, options);
    demo.page = demo.#window.page;
    await demo.until(() => document.querySelector('.rows[aria-busy="false"] .row'));
    await demo.until(() => document.querySelector('#ticker[data-points]'));
    await demo.until(() => document.querySelector('[data-part="library"]').textContent === 'running');
    return demo;
  }

  until = (...of) => this.#window.until(...of);
  neverReloaded = () => this.#window.neverReloaded();
  close = () => this.#window.close();

  get complaints() {
    return this.#window.complaints;
  }

  /** The input of a member of a book. */
  field(rid, member) {
    return this.page.locator(`[data-rid="${rid}"] [data-member="${member}"]`);
  }

  /** Types a value into the row of a book and presses Enter. */
  async edit(rid, member, value) {
    await this.field(rid, member).fill(value);
    await this.field(rid, member).press('Enter');
  }

  /** Waits until what was typed into the row of a book has been answered: until then it may be on the page and nowhere else. */
  answered(rid) {
    return this.until((rid) => !document.querySelector(`.row[data-rid="${rid}"] [aria-busy="true"]`), rid);
  }

  /** Waits until a book has a value on the page. */
  shows(rid, member, value) {
    return this.until(
      ([rid, member, value]) =>
        document.querySelector(`.row[data-rid="${rid}"] [data-member="${member}"]`)?.value === value,
      [rid, member, value],
    );
  }

  /** Adds a book through the form and gives its rid, once it is on the page. */
  async add(title, author) {
    await this.page.fill('.add [name="title"]', title);
    await this.page.fill('.add [name="author"]', author);
    await this.page.click('.add button');
    const find = (title) =>
      [...document.querySelectorAll('.row')].find((row) => row.querySelector('[data-member="title"]').value === title)
        ?.dataset.rid;
    await this.until(find, title);
    return this.page.evaluate(find, title);
  }

  press(action) {
    return this.page.click(`[data-action="${action}"]`);
  }

  /** Waits for a state of the connection, as the page shows it. */
  connection(state) {
    return this.until((state) => document.querySelector('#state').dataset.connection === state, state);
  }

  /** Waits until the panel says what is going on in these words. */
  says(sentence) {
    return this.until((text) => document.querySelector('[data-part="happening"]').textContent === text, sentence);
  }

  /** The part of the page with a name, as text. */
  part(name) {
    return this.page.textContent(`[data-part="${name}"]`);
  }

  /** How often each row was drawn, by rid, in the order of the page. */
  renders() {
    return this.page.evaluate(() =>
      Object.fromEntries(
        [...document.querySelectorAll('.row')].map(({ dataset }) => [dataset.rid, Number(dataset.renders)]),
      ),
    );
  }

  /** The cache as the panel shows it, by rid: direct and indirect counts, and whether it is live or stale. */
  cache() {
    return this.page.evaluate(() =>
      Object.fromEntries(
        [...document.querySelectorAll('#connection tbody tr')].map((row) => [
          row.dataset.rid,
          ['direct', 'indirect', 'freshness']
            .map((part) => row.querySelector(`[data-part="${part}"]`).textContent)
            .join(' '),
        ]),
      ),
    );
  }
}

const PATIENCE = 20_000;
