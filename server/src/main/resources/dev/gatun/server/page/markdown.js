// Markdown to HTML text, by markdown-it, without the HTML that a model writes. What comes out still goes through safe.js.
import { math } from './math.js';

export const md = globalThis.markdownit({ html: false, linkify: false, typographer: false });

md.use(math);
// Only addresses that leave the page, each in full: a path would be an address of this server.
md.validateLink = (url) => /^(https?:\/\/|mailto:)/i.test(url.trim());

// Pictures are not loaded, for the address alone would tell others what is read here. They become links.
md.renderer.rules.image = (tokens, i, options, env, renderer) => {
  const { escapeHtml } = md.utils;
  const source = tokens[i].attrGet('src');
  const label = renderer.renderInlineAsText(tokens[i].children, options, env) || source;
  return `<a class="picture" href="${escapeHtml(source)}">${escapeHtml(label)}</a>`;
};

// A column's alignment comes as a style attribute, which the page's policy forbids: it becomes a class.
for (const name of ['th_open', 'td_open']) {
  md.renderer.rules[name] = (tokens, i, options, env, renderer) => {
    const style = tokens[i].attrGet('style');
    tokens[i].attrs = style ? [['class', style.replace('text-align:', 'to-')]] : null;
    return renderer.renderToken(tokens, i, options);
  };
}

// The page has h1 and h2 of its own.
for (const name of ['heading_open', 'heading_close']) {
  md.renderer.rules[name] = (tokens, i, options, env, renderer) => {
    tokens[i].tag = `h${Math.min(6, Number(tokens[i].tag[1]) + 2)}`;
    return renderer.renderToken(tokens, i, options);
  };
}

md.renderer.rules.fence = (tokens, i) => {
  const { escapeHtml } = md.utils;
  const language = tokens[i].info.trim().split(/\s+/)[0].replace(/[^\w+#.-]/g, '');
  return `<pre><code class="${escapeHtml(language ? `language-${language}` : '')}">${escapeHtml(tokens[i].content)}</code></pre>\n`;
};
