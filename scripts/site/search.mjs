import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { build } from 'esbuild';
import MiniSearch from 'minisearch';
import { OPTIONS } from '../../www/search/options.js';
import { root } from '../lib/places.mjs';

/** Makes what the pages are searched with: a document for each heading, and the script that looks for them. */
export async function makeSearch(site, pages) {
  const index = new MiniSearch(OPTIONS);
  for (const { url, name, sections } of pages) {
    const documents = sections.map(({ id, heading, text }) => ({
      id: id ? `${url}#${id}` : url,
      page: name,
      heading,
      text,
    }));
    index.addAll(documents);
  }
  writeFileSync(join(site, 'docs/search.json'), JSON.stringify(index));
  const entry = join(root, 'www/search/main.js');
  await build({ entryPoints: [entry], bundle: true, minify: true, format: 'esm', outfile: join(site, 'search.js') });
}
