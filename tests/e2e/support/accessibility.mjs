import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';

const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

/** What axe finds in a page that keeps somebody out: a line for each rule. */
export async function violations({ page }) {
  await page.evaluate(axe);
  const found = await page.evaluate(
    async () => (await globalThis.axe.run(document, { resultTypes: ['violations'] })).violations,
  );
  return found.map(
    ({ id, nodes }) => `${id}: ${nodes.map(({ target, html }) => `${target} ${html.slice(0, 80)}`).join('; ')}`,
  );
}
