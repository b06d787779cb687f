import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join, posix } from 'node:path';
import { root } from '../lib/places.mjs';
import { Complaint } from '../lib/process.mjs';
import { apiReference } from './api.mjs';
import { documentationPage } from './layout.mjs';
import { render } from './markdown.mjs';

/** The documentation, in the order in which it is read: `[file in the repository, name of the page, name in the contents]`. */
const SECTIONS = [
  {
    title: 'Start',
    pages: [
      ['www/docs/index.md', 'index', 'What this is'],
      ['www/docs/quick-start-javascript.md', 'quick-start-javascript', 'JavaScript'],
      ['www/docs/quick-start-react.md', 'quick-start-react', 'React'],
      ['www/docs/quick-start-vue.md', 'quick-start-vue', 'Vue'],
      ['www/docs/svelte-solid.md', 'svelte-solid', 'Svelte and Solid'],
      ['www/docs/quick-start-rust.md', 'quick-start-rust', 'Rust'],
    ],
  },
  {
    title: 'Understand',
    pages: [
      ['www/docs/concepts.md', 'concepts', 'Concepts'],
      ['www/docs/recipes.md', 'recipes', 'Recipes'],
      ['www/docs/errors.md', 'errors', 'Errors'],
      ['www/docs/migration.md', 'migration', 'Coming from resclient'],
    ],
  },
  {
    title: 'Services and gateway',
    pages: [
      ['docs/services.md', 'services', 'Services'],
      ['docs/nats.md', 'nats', 'NATS'],
      ['docs/gateway.md', 'gateway', 'The gateway'],
      ['docs/gateway-deviations.md', 'gateway-deviations', 'Where it differs from Resgate'],
    ],
  },
  {
    title: 'Behind it',
    pages: [
      ['docs/performance.md', 'performance', 'Performance'],
      ['docs/proof.md', 'proof', 'How it is tried to be broken'],
      ['docs/soak.md', 'soak', 'Hours under faults'],
      ['docs/security.md', 'security', 'Security'],
      ['CHANGELOG.md', 'changelog', 'Changes'],
    ],
  },
];

/**
 * Writes the pages of the documentation into a folder of a site, and gives them.
 *
 * A link that leads nowhere is a complaint; one to a file that is no page is text.
 */
export async function makeDocs(site) {
  const reference = (await apiReference()).map(({ file, name, text }) => ({
    source: `www/docs/${file}.md`,
    file,
    name,
    text,
  }));
  const written = SECTIONS.map(({ title, pages }) => ({
    title,
    pages: pages.map(([source, file, name]) => ({
      source,
      file,
      name,
      text: readFileSync(join(root, source), 'utf8'),
    })),
  }));
  const all = [...written, { title: 'API', pages: reference }].map(({ title, pages }) => ({
    title,
    pages: pages.map((page) => ({ ...page, url: urlOf(page.file) })),
  }));
  const pages = all.flatMap((section) => section.pages);
  const bySource = new Map(pages.map((page) => [page.source, page]));
  const rendered = new Map(pages.map((page) => [page.url, render(page.text, leading(page, bySource))]));
  complainOfLinks(rendered);
  for (const page of pages) {
    const isReference = page.file.startsWith('api/');
    const content = rendered.get(page.url);
    const html = documentationPage({ ...page, ...content, contents: all, part: isReference ? '/docs/api/' : '/docs/' });
    const path = join(site, 'docs', `${page.file}.html`);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, html);
  }
  return pages.map((page) => ({ ...page, ...rendered.get(page.url) }));
}

const urlOf = (file) => `/docs/${file.replace(/(^|\/)index$/, '$1')}${/(^|\/)index$/.test(file) ? '' : '.html'}`;

/** Where a link of a page leads to on the site; nowhere for what the site does not have. */
function leading(page, bySource) {
  return (href) => {
    if (/^[a-z]+:/.test(href) || href.startsWith('/')) return href;
    const [path, hash] = href.split('#');
    const anchor = hash === undefined ? '' : `#${hash}`;
    if (!path) return page.url + anchor;
    const target = posix.join(posix.dirname(page.source), path);
    const [, example] = /^www\/examples\/([^/]+)\/?$/.exec(target) ?? [];
    if (example) return `/examples/${example}/`;
    if (/^www\/examples\/?$/.test(target)) return '/examples/';
    const found = bySource.get(target);
    if (found) return found.url + anchor;
    if (!existsSync(join(root, target))) throw new Complaint(`${page.source} links to ${href}, which is not there`);
    return undefined;
  };
}

/** Every page and every heading that is linked to is there. */
function complainOfLinks(rendered) {
  for (const [url, { links }] of rendered) {
    for (const link of links.filter((link) => link.startsWith('/docs/'))) {
      const [path, anchor] = link.split('#');
      const target = rendered.get(path);
      if (!target || (anchor && !target.headings.some(({ id }) => id === anchor))) {
        throw new Complaint(`${url} links to ${link}, which is not there`);
      }
    }
  }
}
