import { escape } from './markdown.mjs';

/** What the pages may do. Vue makes a trusted type of its own. */
export const policy = ({ trusts = "'none'" } = {}) =>
  [
    "default-src 'none'",
    "script-src 'self' 'wasm-unsafe-eval'",
    "connect-src 'self'",
    "style-src 'self'",
    "img-src 'self'",
    "base-uri 'none'",
    "form-action 'none'",
    "require-trusted-types-for 'script'",
    `trusted-types ${trusts}`,
  ].join('; ');

/** What the head of an example has beside its own. */
export const frame = ({ trusts } = {}) => `<meta http-equiv="Content-Security-Policy" content="${policy({ trusts })}" />
    <meta name="theme-color" media="(prefers-color-scheme: light)" content="#fbfaf8" />
    <meta name="theme-color" media="(prefers-color-scheme: dark)" content="#131211" />
    <link rel="icon" href="/favicon.svg" type="image/svg+xml" />
    <link rel="stylesheet" href="/site.css" />`;

/** What the bar on top of every page begins with; `here` is the address of the part of the site that the page belongs to. */
export const site = (here) => `<a class="mark" href="/"
          ><svg viewBox="0 0 20 20" width="20" height="20" aria-hidden="true">
            <path d="M2 10h4l2.5-6 3.5 12 2.5-6H18" /></svg
          >resclient<span>wasm</span></a
        >
        <nav aria-label="Site">
          ${PARTS.map(([href, name]) => `<a href="${href}"${href === here ? ' aria-current="true"' : ''}>${name}</a>`).join('\n          ')}
        </nav>`;

/** The bar on top of a page whose content has the ID `content`; `more` is what it has beside the parts of the site. */
export const bar = (here, more = '') => `<a class="skip" href="#content">Skip to the content</a>
    <header class="bar">
      <div class="wide">
        ${site(here)}
        ${more}
      </div>
    </header>`;

/** Shown by its script, which it needs. */
const SEARCH = `<form class="search" role="search" hidden>
          <input type="search" aria-label="Search the documentation" placeholder="Search" autocomplete="off" />
          <ul data-part="results" aria-label="What is found" hidden></ul>
          <p role="status"></p>
        </form>`;

const PARTS = [
  ['/docs/', 'Docs'],
  ['/docs/api/', 'API'],
  ['/examples/', 'Examples'],
];

/**
 * A page of the documentation. `contents` are those of all pages: `[{ title, pages: [{ url, name }] }]`; `headings` those of
 * the page itself.
 */
export function documentationPage({ url, title, summary, html, headings, contents, part }) {
  const pages = contents.flatMap((section) => section.pages);
  const at = pages.findIndex((page) => page.url === url);
  const listed = contents
    .map(
      (section) => `<h2>${escape(section.title)}</h2>
          <ul>${section.pages
            .map(
              ({ url: href, name }) =>
                `<li><a href="${href}"${href === url ? ' aria-current="page"' : ''}>${escape(name)}</a></li>`,
            )
            .join('')}</ul>`,
    )
    .join('\n          ');
  const own = headings.filter(({ level }) => level === 2 || level === 3);
  return `<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8" />
    <meta name="viewport" content="width=device-width, initial-scale=1" />
    ${frame()}
    <meta name="color-scheme" content="light dark" />
    <link rel="stylesheet" href="/examples/style.css" />
    <title>${escape(title)} · resclient-wasm</title>
    <meta name="description" content="${escape(summary.slice(0, 200))}" />
    <script type="module" src="/search.js"></script>
  </head>
  <body>
    ${bar(part, SEARCH)}
    <div class="wide docs">
      <details class="contents">
        <summary>All pages</summary>
        <nav aria-label="All pages, folded">
          ${listed}
        </nav>
      </details>
      <nav class="contents" aria-label="All pages">
          ${listed}
      </nav>
      <main class="prose" id="content">
        ${html}
        <nav class="turn" aria-label="Neighbouring pages">
          ${link(pages[at - 1], 'previous')}${link(at < 0 ? undefined : pages[at + 1], 'next')}
        </nav>
      </main>
      <nav class="on-page" aria-label="On this page">
        ${own.length > 1 ? `<h2>On this page</h2><ul>${own.map(({ level, text, id }) => `<li class="level-${level}"><a href="#${id}">${escape(text)}</a></li>`).join('')}</ul>` : ''}
      </nav>
    </div>
  </body>
</html>
`;
}

const link = (page, rel) =>
  page ? `<a class="${rel}" rel="${rel === 'next' ? 'next' : 'prev'}" href="${page.url}">${escape(page.name)}</a>` : '';
