// Formulas in Markdown: $..$, \(..\) in a line, $$..$$ and \[..\] in a line or over several. A plug-in of markdown-it.
//
// A formula becomes <span class="formula">TEX</span>, with the class "display" too where it stands apart; render.js has KaTeX
// fill it. Code comes first in markdown-it, so formulas inside code stay code.

const DISPLAY = [['$$', '$$'], ['\\[', '\\]']];
const LONGEST = 5000; // characters of a formula in a line: each mark that opens looks no further for its end

export function math(md) {
  md.inline.ruler.before('escape', 'formula', inline);
  md.block.ruler.before('fence', 'formula', block, { alt: ['paragraph', 'reference', 'blockquote', 'list'] });
  md.renderer.rules.formula = (tokens, i) => {
    const { content, block: apart, meta } = tokens[i];
    const kind = meta?.open ? 'formula open' : apart || meta?.display ? 'formula display' : 'formula';
    return `<span class="${kind}">${md.utils.escapeHtml(content)}</span>${apart ? '\n' : ''}`;
  };
}

function inline(state, silent) {
  const { src, pos, posMax } = state;
  const at = (mark) => src.startsWith(mark, pos);
  const pair = [...DISPLAY, ['\\(', '\\)'], ['$', '$']].find(([open]) => at(open));
  if (!pair) return false;
  const [open, close] = pair;
  const from = pos + open.length;
  const to = closing(src, close, from, Math.min(posMax, from + LONGEST));
  if (to < 0) return false;
  const tex = src.slice(from, to);
  if (!tex.trim() || (open === '$' && !isFormula(tex, src[to + 1]))) return false;
  if (!silent) {
    const token = state.push('formula', '', 0);
    token.content = tex;
    token.meta = { display: open === '$$' || open === '\\[' };
  }
  state.pos = to + close.length;
  return true;
}

/** Where the closing mark is; one behind a backslash does not close, unless the mark is one itself. */
function closing(src, close, from, end) {
  for (let i = from; i + close.length <= end; i++) {
    if (src.startsWith(close, i)) return i;
    if (src[i] === '\\') i++;
  }
  return -1;
}

/** Pandoc's rule, so that prices stay prices: no space inside the marks, no digit behind them, and within one paragraph. */
const isFormula = (tex, next) => !/^\s|\s$|\n\s*\n/.test(tex) && !/\d/.test(next ?? '');

function block(state, first, last, silent) {
  const text = (line) => state.src.slice(state.bMarks[line] + state.tShift[line], state.eMarks[line]);
  if (state.sCount[first] - state.blkIndent >= 4) return false;
  const start = text(first);
  const pair = DISPLAY.find(([open]) => start.startsWith(open));
  if (!pair) return false;
  const found = gather(text, pair, first, state, last);
  if (!found) return false;
  if (silent) return true;
  state.line = found.next;
  const token = state.push('formula', '', 0);
  token.block = true;
  token.content = found.lines.join('\n');
  token.map = [first, found.next];
  token.meta = { open: found.open };
  return true;
}

/** The lines of a formula and where it ends, or null where text follows its end or, in a whole text, none comes. */
function gather(text, [open, close], first, state, last) {
  const lines = [];
  for (let line = first; line < last; line++) {
    if (line > first && state.sCount[line] < state.blkIndent && !state.isEmpty(line)) break; // the list ended
    const rest = line === first ? text(line).slice(open.length) : text(line);
    const end = closing(rest, close, 0, rest.length);
    if (end >= 0) {
      if (/[^\s.,;:!?]/.test(rest.slice(end + close.length))) return null;
      lines.push(rest.slice(0, end));
      const tail = rest.slice(end + close.length).trim();
      if (tail) lines.push(`\\text{${tail}}`); // a full stop after the formula stays beside it
      return { lines, next: line + 1 };
    }
    lines.push(rest);
  }
  return state.env.streaming ? { lines, next: last, open: true } : null;
}
