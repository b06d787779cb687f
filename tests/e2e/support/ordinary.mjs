import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { chromium } from 'playwright-core';
import { root } from '../../../scripts/lib/places.mjs';
import { start, stop } from '../../../scripts/lib/process.mjs';
import { switches } from '../../pack/support/browser.mjs';

/**
 * A Chromium as a user has it. Those that Playwright starts take every page for looked at, so that none is ever throttled or frozen,
 * and keep no page that was left.
 */
export class OrdinaryBrowser {
  /** The one context, a window with tabs. */
  context;
  #child;
  #browser;
  #profile;

  static async launch(...flags) {
    const browser = new OrdinaryBrowser();
    mkdirSync(join(root, 'target/tmp'), { recursive: true });
    browser.#profile = mkdtempSync(join(root, 'target/tmp/profile-'));
    const own = ['--headless', '--remote-debugging-port=0', `--user-data-dir=${browser.#profile}`];
    const args = [...switches, ...own, ...flags, 'about:blank'];
    browser.#child = start(process.env.CHROMIUM ?? '/usr/bin/chromium', args, { stdio: 'pipe' });
    browser.#browser = await chromium.connectOverCDP(await address(browser.#child), { noDefaults: true });
    [browser.context] = browser.#browser.contexts();
    return browser;
  }

  /** Stops everything of it, as a laptop that is closed does, until it is let go on. */
  stop() {
    process.kill(-this.#child.pid, 'SIGSTOP');
  }

  goOn() {
    process.kill(-this.#child.pid, 'SIGCONT');
  }

  async close() {
    await this.#browser?.close();
    await stop(this.#child);
    rmSync(this.#profile, { recursive: true, force: true, maxRetries: 5 });
  }
}

/** Where it is driven from, which it says when it is there. */
function address(child) {
  return new Promise((resolve, reject) => {
    let said = '';
    child.stderr.on('data', (data) => {
      said += data;
      const [, found] = /^DevTools listening on (\S+)/m.exec(said) ?? [];
      if (found) resolve(found);
    });
    child.ended.then(({ error, code }) => reject(error ?? new Error(`the browser ended with ${code}: ${said}`)));
  });
}
