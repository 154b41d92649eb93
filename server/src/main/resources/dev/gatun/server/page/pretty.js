// Indents JSON, also while it is still incomplete. Works on the text, so that no number loses a digit.

export function pretty(text) {
  let out = '';
  let depth = 0;
  const line = () => `\n${'  '.repeat(Math.min(depth, 40))}`;
  const tokens = text.match(/"(?:[^"\\]|\\.)*"?|[{}[\],:]|[^\s{}[\],:"]+/gs) ?? [];
  tokens.forEach((token, i) => {
    if (token === '{' || token === '[') {
      depth++;
      const empty = tokens[i + 1] === '}' || tokens[i + 1] === ']';
      out += empty ? token : token + line();
    } else if (token === '}' || token === ']') {
      depth = Math.max(0, depth - 1);
      const empty = tokens[i - 1] === '{' || tokens[i - 1] === '[';
      out += empty ? token : line() + token;
    } else if (token === ',') {
      out += token + line();
    } else {
      out += token === ':' ? ': ' : token;
    }
  });
  return out;
}
