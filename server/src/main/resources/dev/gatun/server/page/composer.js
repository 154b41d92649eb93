// The box to write in: sends, stops, and shows which settings are on.
import { byId, el, grow } from './dom.js';
import { icon } from './icons.js';
import { FIELDS } from './settings-fields.js';

export class Composer {
  #input = byId('input');
  #send = byId('send');
  #running = false;

  /** actions: send(text), stop(), editLast(), settings(field). */
  constructor(actions) {
    this.actions = actions;
    this.running = false;
    byId('composer').addEventListener('submit', (event) => {
      event.preventDefault();
      this.#submit();
    });
    this.#input.addEventListener('input', () => grow(this.#input));
    this.#input.addEventListener('keydown', (event) => this.#key(event));
  }

  /** One button, so that focus stays where it is when sending becomes stopping. */
  set running(running) {
    this.#running = running;
    const label = running ? 'Stop' : 'Send';
    this.#send.setAttribute('aria-label', label);
    this.#send.title = running ? 'Stop (Esc)' : 'Send (Enter)';
    this.#send.replaceChildren(icon(running ? 'stop' : 'send'));
  }

  set text(text) {
    this.#input.value = text;
    grow(this.#input);
  }

  get text() {
    return this.#input.value;
  }

  focus() {
    this.#input.focus();
  }

  #submit() {
    if (this.#running) return this.actions.stop();
    if (this.text.trim()) this.actions.send(this.text.trimEnd());
    else this.focus();
  }

  #key(event) {
    if (event.isComposing) return; // Enter chooses a word of an input method
    if (event.key === 'Enter' && !event.shiftKey) {
      event.preventDefault();
      if (!this.#running) this.#submit();
    } else if (event.key === 'ArrowUp' && this.text === '' && !this.#running) {
      event.preventDefault();
      this.actions.editLast();
    }
  }

  /** Each setting that is on, as a button that leads to it. */
  chips(settings) {
    const on = FIELDS.filter(({ name }) => name !== 'model' && (settings[name] ?? '').trim());
    const hidden = settings.format === 'json_schema' ? [] : ['schema']; // a schema that is not asked for is not on
    const buttons = on.filter(({ name }) => !hidden.includes(name)).map((field) =>
      el('button', { type: 'button', class: 'chip', onclick: () => this.actions.settings(field.name), title: 'Change in the settings' },
        chip(field, settings[field.name])));
    byId('chips').replaceChildren(...buttons);
  }
}

function chip({ kind, label, name, options, read }, value) {
  if (name === 'tools') return toolNames(value, read);
  if (kind === 'area') return label.split(',')[0];
  return `${label}: ${kind === 'choice' ? (options.find(([key]) => key === value)?.[1] ?? value) : value}`;
}

function toolNames(value, read) {
  try {
    return `Tools: ${read(value).map((tool) => tool.function.name).join(', ')}`;
  } catch {
    return 'Tools: not readable';
  }
}
