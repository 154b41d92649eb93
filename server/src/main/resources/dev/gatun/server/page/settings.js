// The dialog of settings: those of the conversation, built from settings-fields.js, and those of the page.
import { byId, el } from './dom.js';
import { icon } from './icons.js';
import * as key from './key.js';
import { FIELDS, valueOf } from './settings-fields.js';
import { server } from './status.js';

/** Opens it. changed(settings) is called at each change; field: the one to go to, if any. */
export function openSettings(settings, changed, field = null) {
  const dialog = byId('settings');
  const current = { ...settings };
  const set = (name, value) => {
    current[name] = value;
    changed(current);
  };
  const groups = Map.groupBy(FIELDS, ({ group }) => group);
  const reset = () => {
    for (const { name } of FIELDS) current[name] = '';
    changed(current);
    openSettings(current, changed);
  };
  dialog.replaceChildren(
    el('div', { class: 'dialog-head' }, el('h2', { id: 'settings-title' }, 'Settings'),
      el('button', { type: 'button', class: 'quiet', onclick: reset }, 'Reset'),
      el('button', { type: 'button', class: 'icon', 'aria-label': 'Close', onclick: () => dialog.close() }, icon('close'))),
    el('p', { class: 'about' }, 'For this conversation and new ones. What is empty is left to the server.'),
    modelChoice(current, set),
    ...[...groups].map(([name, fields]) =>
      el('fieldset', { class: `group-${name.toLowerCase()}` }, el('legend', {}, name), fields.map((each) => input(each, current, set)))),
    keyField());
  if (!dialog.open) dialog.showModal();
  (field ? byId(`set-${field}`) : dialog.querySelector('.dialog-head .icon')).focus();
}

function modelChoice(settings, set) {
  const ids = server.models.map(({ id }) => id);
  if (ids.length < 2) return '';
  const options = ids.map((id) => el('option', { value: id, selected: id === settings.model }, id));
  const select = el('select', { id: 'set-model', onchange: () => set('model', select.value) }, options);
  return el('fieldset', {}, el('legend', {}, 'Model'), el('label', { class: 'field' }, el('span', {}, 'Model'), select));
}

function input(field, settings, set) {
  const { name, label, kind, hint, options, placeholder, rows } = field;
  const id = `set-${name}`;
  const wrong = el('span', { class: 'wrong', id: `${id}-wrong` });
  const check = () => {
    wrong.textContent = problem(field, settings);
    node.setAttribute('aria-invalid', String(wrong.textContent !== ''));
  };
  const typed = () => {
    set(name, node.value);
    check();
  };
  const common = { id, 'aria-describedby': `${id}-wrong`, [kind === 'choice' ? 'onchange' : 'oninput']: typed, spellcheck: name === 'system' ? null : 'false' };
  const node = kind === 'choice' ? el('select', common, options.map(([value, text]) => el('option', { value }, text)))
    : kind === 'area' ? el('textarea', { ...common, rows: rows ?? 4, placeholder })
      : el('input', { ...common, inputmode: 'decimal', placeholder: hint, autocomplete: 'off' });
  node.value = settings[name] ?? '';
  settings[name] ??= '';
  check();
  return el('div', { class: `field ${kind}` }, el('label', { for: id }, label), node, wrong);
}

function problem(field, settings) {
  try {
    valueOf(field, settings);
    return '';
  } catch (error) {
    return `Expected ${error.message}`;
  }
}

function keyField() {
  const text = el('input', { id: 'set-key', type: 'password', autocomplete: 'off', value: key.get() });
  const keep = el('input', { type: 'checkbox', checked: key.kept() });
  const save = () => key.set(text.value, keep.checked);
  text.addEventListener('input', save);
  keep.addEventListener('change', save);
  return el('fieldset', {}, el('legend', {}, 'Access'), el('div', { class: 'field' }, el('label', { for: 'set-key' }, 'API key'), text),
    el('label', { class: 'tick' }, keep, el('span', {}, 'Keep it in this browser')));
}
