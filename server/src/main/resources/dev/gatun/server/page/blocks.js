// Shows a text that grows: blocks that are whole are rendered once and stay, only the last is rendered again.
import { md } from './markdown.js';
import { render } from './render.js';

export class Blocks {
  #container;
  #last; // holds the block that may still grow
  #whole = 0; // characters before it
  #references = {}; // link definitions before it; one that comes later does not reach back
  #code = null; // the text node of a block of code that is still open

  constructor(container) {
    this.#container = container;
    this.#last = document.createElement('div');
    this.#last.className = 'last';
    container.replaceChildren(this.#last);
  }

  /** text begins with what it was before. finished: nothing will follow. */
  update(text, finished) {
    const rest = text.replaceAll('\r\n', '\n').slice(this.#whole);
    // A copy: a definition in the last block may still be half an address.
    const env = { streaming: !finished, references: { ...this.#references } };
    const tokens = md.parse(rest, env);
    const starts = tokens.flatMap((token, i) => (token.level === 0 && token.nesting >= 0 ? [i] : []));
    const open = finished ? tokens.length : (starts.at(-1) ?? tokens.length);
    if (open > 0) this.#keep(tokens.slice(0, open), env);
    const tail = tokens.slice(open);
    if (open > 0 && tail.length) this.#passOver(rest.slice(0, offset(rest, tail[0].map[0])));
    if (!this.#grewCode(tail)) this.#show(tail, env);
  }

  #passOver(text) {
    this.#whole += text.length;
    if (text.includes(']:')) md.parse(text, { references: this.#references });
  }

  #keep(tokens, env) {
    this.#container.insertBefore(render(md.renderer.render(tokens, md.options, env)), this.#last);
    this.#last.replaceChildren();
    this.#code = null;
  }

  #show(tail, env) {
    this.#last.replaceChildren(render(md.renderer.render(tail, md.options, env), false));
    this.#code = tail.length === 1 && tail[0].type === 'fence' ? this.#last.querySelector('code')?.firstChild : null;
  }

  /** Long code grows at its end, without being laid out again from its start. */
  #grewCode(tail) {
    const fence = tail.length === 1 && tail[0].type === 'fence' ? tail[0].content : null;
    if (fence === null || !this.#code?.isConnected || fence.length < this.#code.length) return false;
    this.#code.appendData(fence.slice(this.#code.length));
    return true;
  }
}

/** Where a line begins. */
function offset(text, line) {
  let at = 0;
  for (let i = 0; i < line; i++) at = text.indexOf('\n', at) + 1;
  return at;
}
