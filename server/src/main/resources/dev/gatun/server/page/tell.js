// Tells the user: toasts for what just happened, one polite live region for screen readers, a notice for what lasts.
import { byId, el } from './dom.js';
import { icon } from './icons.js';

const SHOWN_MS = 8000;

/** Said once, in a few words. An answer's text is never put here: word by word it would be a flood. */
export function speak(text) {
  byId('spoken').textContent = text;
}

/** A line at the foot of the page; with an action, a button such as Undo. */
export function toast(text, action = null) {
  const box = el('div', { class: 'toast', role: 'status' }, el('span', {}, text));
  const close = () => box.remove();
  if (action) {
    box.append(el('button', { type: 'button', class: 'link', onclick: () => (close(), action.run()) }, action.label));
  }
  box.append(el('button', { type: 'button', class: 'icon small', 'aria-label': 'Close', onclick: close }, icon('close')));
  byId('toasts').append(box);
  setTimeout(close, SHOWN_MS);
}

/** What lasts until it is taken away by notice(null): a server that loads or does not answer. */
export function notice(text, progress = null) {
  const box = byId('notice');
  if (text === null) return box.replaceChildren();
  let line = box.querySelector('span');
  if (!line) box.replaceChildren((line = el('span')));
  if (line.textContent !== text) line.textContent = text; // unchanged text is not read out again
  box.querySelector('progress')?.remove();
  if (progress !== null) box.append(el('progress', { max: '1', value: String(progress), 'aria-label': 'Loaded' }));
}
