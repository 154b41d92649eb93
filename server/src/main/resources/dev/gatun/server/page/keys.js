// The keyboard: what each key does, and the list of them.
import { byId, el } from './dom.js';
import { icon } from './icons.js';

const mac = /Mac|iPhone|iPad/.test(navigator.platform);
const control = mac ? '⌘' : 'Ctrl';

const LIST = [
  [['Enter'], 'Send the message'],
  [['Shift', 'Enter'], 'Break the line'],
  [['Esc'], 'Stop the answer, leave a dialog or an edit'],
  [['↑'], 'In an empty box: edit your last message'],
  [[control, 'Shift', 'O'], 'New conversation'],
  [[control, 'K'], 'Search conversations'],
  [[control, ','], 'Settings'],
  [['/'], 'Go to the message box'],
  [['?'], 'This list'],
];

/** actions: stop() tells whether there was something to stop; create, search, settings, focus. */
export function listen(actions) {
  document.addEventListener('keydown', (event) => {
    if (event.isComposing || event.altKey || document.querySelector('dialog[open]')) return;
    const run = event.ctrlKey || event.metaKey ? withControl(event, actions) : alone(event, actions);
    if (!run) return;
    event.preventDefault();
    run();
  });
}

function withControl(event, actions) {
  const pressed = event.key.toLowerCase();
  if (event.shiftKey) return pressed === 'o' ? actions.create : null;
  return { k: actions.search, ',': actions.settings }[pressed];
}

function alone(event, actions) {
  if (event.key === 'Escape') return actions.stop;
  if (event.target.closest('input, textarea, select')) return null;
  return { '/': actions.focus, '?': openKeys }[event.key];
}

export function openKeys() {
  const dialog = byId('keys');
  const rows = LIST.map(([names, does]) => el('tr', {}, el('td', {}, names.map((name) => el('kbd', {}, name))), el('td', {}, does)));
  dialog.replaceChildren(
    el('div', { class: 'dialog-head' }, el('h2', { id: 'keys-title' }, 'Keys'),
      el('button', { type: 'button', class: 'icon', 'aria-label': 'Close', onclick: () => dialog.close() }, icon('close'))),
    el('table', {}, el('tbody', {}, rows)));
  dialog.showModal();
}
