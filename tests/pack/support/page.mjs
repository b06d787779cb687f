import assert from 'node:assert/strict';

/**
 * Two windows on one model, which each page has as `model` and shows as `#message`: what is written in one appears in the other, and
 * neither complains.
 */
export async function followsChange(browser, address, webSocket) {
  const url = new URL(address);
  url.searchParams.set('gateway', webSocket);
  const complaints = [];
  const open = async () => {
    const page = await browser.newPage();
    page.on('pageerror', (error) => complaints.push(error.message));
    page.on('console', (message) => message.type() === 'error' && complaints.push(message.text()));
    page.on('requestfailed', (request) => complaints.push(request.url()));
    await page.goto(url.href);
    await page
      .waitForFunction(() => globalThis.model, undefined, { timeout: 30_000 })
      .catch((error) => {
        throw new Error(`${error.message}\n${complaints.join('\n')}`);
      });
    return page;
  };
  const [reader, writer] = [await open(), await open()];
  const message = `written from ${url.href}`;
  await writer.evaluate((text) => globalThis.model.set({ message: text }), message);
  const shown = (text) => document.querySelector('#message').textContent === text;
  await reader.waitForFunction(shown, message);
  assert.equal(await reader.textContent('#message'), message);
  assert.deepEqual(complaints, []);
  await Promise.all([reader.close(), writer.close()]);
}
