import GithubSlugger from 'github-slugger';
import hljs from 'highlight.js';
import MarkdownIt from 'markdown-it';

const markdown = new MarkdownIt({ html: false, linkify: false, highlight });

/**
 * Renders a page of Markdown: `{ title, summary, html, headings, sections, links }`. Headings have the anchors that they have on GitHub. `follow`
 * is asked where a link of the page leads to; without an answer it is text.
 */
export function render(text, follow = (href) => href) {
  const slugger = new GithubSlugger();
  const headings = [];
  const links = [];
  const tokens = markdown.parse(text, {});
  for (const [at, token] of tokens.entries()) {
    if (token.type === 'heading_open') {
      const heading = { level: Number(token.tag.slice(1)), text: plain(tokens[at + 1]), id: '' };
      heading.id = slugger.slug(heading.text);
      token.attrSet('id', heading.id);
      headings.push(heading);
    }
    if (token.type === 'inline') lead(token, follow, links);
    if (/^t[hd]_open$/.test(token.type)) cell(token, tokens[at + 1], tokens[at + 2]);
  }
  const first = tokens.findIndex(({ type }) => type === 'paragraph_open');
  return {
    title: headings[0]?.text ?? '',
    summary: first < 0 ? '' : plain(tokens[first + 1]),
    html: markdown.renderer.render(tokens, markdown.options, {}),
    headings,
    sections: sectionsOf(tokens, headings),
    links,
  };
}

/** The words below each heading. The first stands for the page. */
function sectionsOf(tokens, headings) {
  const sections = [];
  for (const [at, { type, content }] of tokens.entries()) {
    if (type === 'heading_open') {
      const { id, text } = headings[sections.length];
      sections.push({ id: sections.length ? id : '', heading: text, text: '' });
    } else if ((type === 'inline' && tokens[at - 1].type !== 'heading_open') || type === 'fence') {
      const section = sections.at(-1);
      if (section) section.text += `${type === 'fence' ? content : plain(tokens[at])} `;
    }
  }
  return sections;
}

/** A block of code in the colours of its words. */
export function code(text, language, label = 'Code') {
  const name = `aria-label="${markdown.utils.escapeHtml(label)}"`;
  return `<pre class="code-block" tabindex="0" role="group" ${name}><code>${highlight(text.trimEnd(), language)}</code></pre>\n`;
}

export const escape = markdown.utils.escapeHtml;

markdown.renderer.rules.fence = (tokens, at) => code(tokens[at].content, tokens[at].info.trim().split(/\s/)[0]);
markdown.renderer.rules.code_block = (tokens, at) => code(tokens[at].content, '');
// Wide tables scroll, also by keyboard.
markdown.renderer.rules.table_open = () => '<div class="scroll" tabindex="0" role="group" aria-label="Table"><table>\n';
markdown.renderer.rules.table_close = () => '</table></div>\n';

function highlight(text, language) {
  const name = LANGUAGES[language] ?? language;
  return hljs.getLanguage(name) ? hljs.highlight(text, { language: name }).value : escape(text);
}

/** Languages by the names of files. */
const LANGUAGES = {
  jsx: 'javascript',
  mjs: 'javascript',
  tsx: 'typescript',
  html: 'xml',
  vue: 'xml',
  svelte: 'xml',
  sh: 'bash',
};

/** A heading of nothing is none, and columns are aligned by the style of the site. */
function cell(open, content, close) {
  if (content.content === '') open.tag = close.tag = 'td';
  if (open.attrGet('style')?.includes('right')) open.attrSet('class', 'number');
  open.attrs = open.attrs?.filter(([name]) => name !== 'style') ?? null;
}

/** Leads the links of a paragraph to where they go. */
function lead(inline, follow, links) {
  const open = [];
  for (const token of inline.children) {
    if (token.type === 'link_open') {
      const to = follow(token.attrGet('href'));
      if (to) {
        token.attrSet('href', to);
        links.push(to);
      } else token.hidden = true;
      open.push(token);
    } else if (token.type === 'link_close') token.hidden = open.pop().hidden;
    if (token.hidden) Object.assign(token, { type: 'text', content: '' });
  }
}

/** The words of a paragraph. */
const plain = (inline) =>
  inline.children
    .filter(({ type }) => ['text', 'code_inline', 'softbreak'].includes(type))
    .map(({ type, content }) => (type === 'softbreak' ? ' ' : content))
    .join('');
