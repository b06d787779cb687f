import { existsSync, mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { basename, dirname, extname, join, relative } from 'node:path';
import react from '@vitejs/plugin-react';
import vue from '@vitejs/plugin-vue';
import { build } from 'vite';
import { filesBelow } from '../lib/fresh.mjs';
import { pkg, root } from '../lib/places.mjs';
import { bar, documentationPage, frame } from './layout.mjs';
import { code, escape, render } from './markdown.mjs';

const examples = join(root, 'www/examples');

/** Builds the examples, as a person who has copied one does, into a folder of a site, and gives their descriptions; each page also shows what it is made of. */
export async function makeExamples(site) {
  const names = readdirSync(examples).filter((name) => existsSync(join(examples, name, 'index.html')));
  await build({
    root: examples,
    base: '/examples/',
    configFile: false,
    logLevel: 'warn',
    define: { 'import.meta.env.VITE_GATEWAY': '"/"' },
    resolve: { alias: { 'resclient-wasm': pkg } },
    plugins: [react(), vue(), { name: 'site', transformIndexHtml: { order: 'post', handler: framed } }],
    build: {
      outDir: join(site, 'examples'),
      emptyOutDir: false,
      rolldownOptions: { input: names.map((name) => join(examples, name, 'index.html')) },
    },
  });
  const text = readFileSync(join(examples, 'README.md'), 'utf8');
  mkdirSync(join(site, 'examples'), { recursive: true });
  const page = { url: '/examples/', part: '/examples/', ...render(text, follow), contents: listed(text) };
  writeFileSync(join(site, 'examples/index.html'), documentationPage(page));
  return names.map((name) => {
    const description = render(readFileSync(join(examples, name, 'README.md'), 'utf8'), follow);
    return { ...description, url: `/examples/${name}/`, name: 'Example', sections: description.sections.slice(0, 1) };
  });
}

/** The examples that the list has, by its headings. */
function listed(text) {
  return text
    .split(/^## /m)
    .slice(1)
    .map((section) => ({
      title: section.slice(0, section.indexOf('\n')),
      pages: [...section.matchAll(/^- \[(.*?)\]\((.*?)\/\)/gm)].map(([, name, folder]) => ({
        name,
        url: `/examples/${folder}/`,
      })),
    }))
    .filter(({ pages }) => pages.length > 0);
}

/** The page of an example with the bar of the site, and with its description and files. */
function framed(html, { filename }) {
  const folder = dirname(filename);
  const trusts = readFileSync(join(folder, 'package.json'), 'utf8').includes('"vue"') ? 'vue' : undefined;
  return html
    .replace('<meta charset="utf-8" />', `$&\n    ${frame({ trusts })}`)
    .replace('</title>', ' · resclient-wasm$&')
    .replace('<body>', `<body class="example">\n    ${bar('/examples/')}`)
    .replace('</main>', `$&\n    ${madeOf(folder)}`);
}

function madeOf(folder) {
  const { html } = render(readFileSync(join(folder, 'README.md'), 'utf8').replace(/^# .*\n/, ''), follow);
  const files = filesBelow(folder).filter(
    (path) => SHOWN.includes(extname(path)) && basename(path) !== 'vite.config.js',
  );
  const listed = files.map((path) => {
    const name = relative(folder, path);
    const text = readFileSync(path, 'utf8');
    return `<details><summary>${escape(name)}</summary>${code(text, extname(name).slice(1), `Source of ${name}`)}</details>`;
  });
  return `<section class="made-of prose" aria-labelledby="made-of">
      <h2 id="made-of">What it is made of</h2>
      ${html}
      ${listed.join('\n      ')}
    </section>`;
}

/** Links between the examples are the same here; others are text. */
const follow = (href) => {
  if (/^(https?:|#)/.test(href)) return href;
  if (href.startsWith('../README.md')) return href.replace('../README.md', '/examples/');
  const [, name] = /^(?:\.\.\/)?([\w-]+)\/$/.exec(href) ?? [];
  return name && `/examples/${name}/`;
};

/** What an example is made of, beside its settings. */
const SHOWN = ['.js', '.mjs', '.jsx', '.vue', '.py', '.html'];
