// Makes an answer's HTML into what is shown: safe nodes, then links, tables, code and formulas dressed by our own code.
import { copyButton } from './copy.js';
import { el } from './dom.js';
import { safe } from './safe.js';

const MOST_HIGHLIGHTED = 100_000; // characters of a block of code; a longer one stays plain, so that the page answers
const MOST_TEX = 20_000;
const KATEX = {
  throwOnError: true, // its own way to show an error needs a style that the page's policy forbids
  trust: false,
  maxSize: 20,
  maxExpand: 1000,
  strict: 'ignore',
};

/** whole: false while the text may still grow, when code is not coloured yet. */
export function render(html, whole = true) {
  const fragment = safe(html);
  fragment.querySelectorAll('a[href]').forEach(link);
  fragment.querySelectorAll('table').forEach(table);
  fragment.querySelectorAll('pre > code').forEach((code) => dressCode(code, whole));
  fragment.querySelectorAll('span.formula').forEach(formula);
  return fragment;
}

/** Text as a block of code, such as a JSON answer. */
export function codeBlock(text, language, whole = true) {
  const code = el('code', { class: `language-${language}` }, text);
  const holder = el('div', {}, el('pre', {}, code));
  dressCode(code, whole);
  return holder.firstChild;
}

function link(a) {
  a.target = '_blank';
  a.rel = 'noopener noreferrer';
  if (a.classList.contains('picture')) a.title = `A picture, not loaded: ${a.href}`;
}

/** A wide table scrolls by itself, by keyboard too, and the page stays as wide as the window. */
function table(found) {
  const frame = el('div', { class: 'table', tabindex: '0', role: 'region', 'aria-label': 'Table' });
  found.replaceWith(frame);
  frame.append(found);
}

function dressCode(code, whole) {
  const language = /(?:^| )language-(\S+)/.exec(code.className)?.[1] ?? '';
  const pre = code.parentElement;
  const head = el('div', { class: 'code-head' }, el('span', {}, language), copyButton('Copy code', () => code.textContent));
  const frame = el('div', { class: 'code' }, head);
  pre.replaceWith(frame);
  frame.append(pre);
  pre.tabIndex = 0; // long lines scroll by keyboard
  pre.setAttribute('role', 'region');
  pre.setAttribute('aria-label', language ? `Code, ${language}` : 'Code');
  if (whole) colour(code, language);
}

function colour(code, language) {
  const text = code.textContent;
  if (!globalThis.hljs.getLanguage(language) || text.length > MOST_HIGHLIGHTED) return;
  code.replaceChildren(safe(globalThis.hljs.highlight(text, { language, ignoreIllegals: true }).value));
}

/** KaTeX builds its nodes itself: as HTML text its styles would be forbidden by the page's policy. */
function formula(span) {
  const tex = span.textContent;
  if (span.classList.contains('open') || tex.length > MOST_TEX) return;
  try {
    globalThis.katex.render(tex, span, { ...KATEX, displayMode: span.classList.contains('display') });
  } catch (error) {
    span.textContent = tex; // wrong, or more than KaTeX takes
    span.classList.add('wrong-formula');
    span.title = error.message;
  }
  if (span.classList.contains('display')) span.tabIndex = 0; // a wide one scrolls by keyboard
}
