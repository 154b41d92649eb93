// Parts of a message: thinking, tool calls, what went wrong, the row of actions below it.
import { Blocks } from './blocks.js';
import { copyButton } from './copy.js';
import { el, grow } from './dom.js';
import { seconds, statsOf } from './figures.js';
import { icon } from './icons.js';
import { pretty } from './pretty.js';
import { codeBlock } from './render.js';

export const action = (name, label, run) =>
  el('button', { type: 'button', class: 'icon small', 'aria-label': label, title: label, onclick: run }, icon(name));

/** Folded thinking: open while the model thinks, folded when it answers, unless the user chose otherwise. */
export class Thinking {
  constructor() {
    this.label = el('span', {}, 'Thinking');
    this.text = el('div', { class: 'markdown' });
    const summary = el('summary', { onclick: () => (this.chosen = true) }, this.label, icon('down'));
    this.root = el('details', { class: 'thinking', hidden: true }, summary, this.text);
    this.blocks = new Blocks(this.text);
    this.length = -1;
  }

  update(text, ms, thinks, finished) {
    this.root.hidden = !text;
    if (!text) return;
    this.root.classList.toggle('busy', thinks);
    if (!this.chosen) this.root.open = thinks;
    const label = thinks ? `Thinking, ${seconds(ms)}` : `Thought for ${seconds(ms)}`;
    if (this.label.textContent !== label) this.label.textContent = label;
    if (text.length === this.length && !finished) return; // it is over, the answer grows
    this.length = text.length;
    this.blocks.update(text, !thinks);
  }
}

/** The calls that an answer makes; with send, boxes for what the tools returned. */
export function toolCalls(calls, send) {
  const areas = [];
  const cards = calls.filter(Boolean).map((call) => {
    const name = el('div', { class: 'call-name' }, icon('tool'), el('span', {}, 'Calls ', el('b', {}, call.name || 'a tool')));
    const card = el('div', { class: 'call' }, name, codeBlock(pretty(call.arguments), 'json'));
    if (send) {
      const area = el('textarea', { rows: '2', placeholder: 'What the tool returned', oninput: () => grow(area) });
      areas.push({ id: call.id, area });
      card.append(el('label', {}, el('span', {}, `Result of ${call.name}`), area));
    }
    return card;
  });
  if (!send || !cards.length) return cards;
  const submit = (event) => {
    event.preventDefault();
    send(areas.map(({ id, area }) => ({ id, content: area.value })));
  };
  return [el('form', { class: 'calls', onsubmit: submit }, cards, el('button', { type: 'submit', class: 'primary' }, 'Send results'))];
}

/** An answer's end that needs a word: an error with its remedy, a limit, a stop, a page that was left. */
export function ending(message, again) {
  const { finish, error } = message;
  if (error) {
    return el('div', { class: 'failed', role: 'alert' }, icon('attention'),
      el('div', {}, el('p', {}, el('b', {}, error.message)), el('p', {}, error.remedy),
        el('button', { type: 'button', onclick: again }, icon('again'), 'Try again')));
  }
  const words = { length: 'Ended at the most tokens set, or at the end of the context.', stopped: 'Stopped.' };
  if (finish === null) return el('p', { class: 'ended' }, 'This answer was interrupted. ', el('button', { type: 'button', class: 'link', onclick: again }, 'Answer again'));
  return words[finish] ? el('p', { class: 'ended' }, words[finish]) : null;
}

/** Older and newer branches of a message, where there are any. */
export function branches(message, beside, show) {
  if (beside.length < 2) return null;
  const at = beside.indexOf(message);
  const step = (name, label, to) => {
    const button = action(name, label, () => show(beside[to]));
    button.disabled = !beside[to];
    return button;
  };
  return el('span', { class: 'branches' }, step('branch_previous', 'Earlier version', at - 1),
    el('span', { title: `Version ${at + 1} of ${beside.length}` }, `${at + 1} / ${beside.length}`),
    step('branch_next', 'Later version', at + 1));
}

export function statsLine(message) {
  const shown = statsOf(message);
  return shown.length ? el('span', { class: 'stats' }, shown.map(([text, title]) => el('span', { title }, text))) : null;
}

export const copyMessage = (message) => (message.content ? copyButton('Copy', () => message.content) : '');
