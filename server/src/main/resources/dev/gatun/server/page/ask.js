// A small dialog that asks for one text, such as a name or the API key. The browser keeps focus inside and gives it back.
import { byId, el } from './dom.js';

/** The text and whether the box was ticked, or null where the user left. box: the label of a box to tick, if any. */
export function ask({ title, text = '', label, value = '', type = 'text', box = null, ticked = false, action }) {
  const dialog = byId('ask');
  const input = el('input', { type, value, autocomplete: 'off', required: type === 'password' });
  const tick = el('input', { type: 'checkbox', checked: ticked });
  const form = el('form', { method: 'dialog' },
    el('h2', { id: 'ask-title' }, title),
    text && el('p', {}, text),
    el('label', {}, el('span', {}, label), input),
    box && el('label', { class: 'tick' }, tick, el('span', {}, box)),
    el('div', { class: 'buttons' },
      el('button', { type: 'button', class: 'quiet', onclick: () => dialog.close() }, 'Cancel'),
      el('button', { type: 'submit', class: 'primary', value: 'ok' }, action)));
  dialog.returnValue = '';
  dialog.replaceChildren(form);
  // What a form's submission would do is forbidden by the page's policy, even where it only closes a dialog.
  form.addEventListener('submit', (event) => {
    event.preventDefault();
    dialog.close('ok');
  });
  dialog.showModal();
  input.select();
  return new Promise((resolve) => dialog.addEventListener('close', () =>
    resolve(dialog.returnValue === 'ok' ? { text: input.value, ticked: tick.checked } : null), { once: true }));
}
