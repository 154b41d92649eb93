// Numbers as people read them: tokens, times, memory.
const plain = new Intl.NumberFormat('en');
const one = new Intl.NumberFormat('en', { minimumFractionDigits: 1, maximumFractionDigits: 1 });

export const count = (n) => plain.format(Math.round(n));
export const seconds = (ms) => (ms < 9950 ? `${one.format(ms / 1000)} s` : ms < 60_000 ? `${Math.round(ms / 1000)} s`
  : `${Math.floor(ms / 60_000)} min ${Math.round((ms % 60_000) / 1000)} s`);
export const gibibytes = (bytes) => one.format(bytes / 2 ** 30);

/** While an answer comes: about, since a chunk is about a token. */
export const paceOf = ({ pace, pieces }) => `≈ ${one.format(pace)} tokens/s, ${count(pieces)} so far`;

/** What an answer took, as short texts with a longer explanation each. */
export function statsOf({ stats }) {
  const known = (n) => Number.isFinite(n);
  const { perSecond, counted, tokens, thinking, prompt, cached, firstMs } = stats ?? {};
  return [
    known(perSecond) && [`${counted ? '≈ ' : ''}${one.format(perSecond)} tokens/s`, 'Speed of the answer'],
    known(tokens) && [`${count(tokens)} tokens${thinking ? `, ${count(thinking)} of thinking` : ''}`, 'Length of the answer'],
    known(prompt) && [`prompt ${count(prompt)}${cached ? `, ${count(cached)} cached` : ''}`, 'Tokens of the prompt, and those of them that the server still had'],
    known(firstMs) && [`first after ${seconds(firstMs)}`, 'Time to the first token'],
  ].filter(Boolean);
}
