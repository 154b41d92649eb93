// A button that copies a text and says that it did.
import { el } from './dom.js';
import { icon } from './icons.js';
import { speak, toast } from './tell.js';

export function copyButton(label, text) {
  const button = el('button', { type: 'button', class: 'icon small', 'aria-label': label, title: label }, icon('copy'));
  button.addEventListener('click', async () => {
    if (!(await copy(text()))) return toast('The browser did not let the page copy. Select the text instead.');
    speak('Copied');
    button.replaceChildren(icon('done'));
    setTimeout(() => button.replaceChildren(icon('copy')), 1500);
  });
  return button;
}

/** The clipboard is there on https and localhost alone; elsewhere the old command still works. */
async function copy(text) {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    const area = el('textarea', { class: 'unseen', 'aria-hidden': 'true' });
    const focused = document.activeElement;
    area.value = text;
    (document.querySelector('dialog[open]') ?? document.body).append(area);
    area.select();
    const done = document.execCommand('copy');
    area.remove();
    focused?.focus();
    return done;
  }
}
