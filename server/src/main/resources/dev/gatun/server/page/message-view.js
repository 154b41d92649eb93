// One message as it is shown. A message of the user can be edited in place; an answer is drawn as it comes.
import { Blocks } from './blocks.js';
import { siblings } from './conversation.js';
import { el, grow } from './dom.js';
import { paceOf } from './figures.js';
import { action, branches, copyMessage, ending, statsLine, Thinking, toolCalls } from './message-parts.js';
import { pretty } from './pretty.js';
import { codeBlock } from './render.js';

/** actions: edit, regenerate, remove, show, results; each takes the message first. */
export function messageView(conversation, message, actions) {
  return message.role === 'assistant' ? new AnswerView(conversation, message, actions) : new PlainView(conversation, message, actions);
}

/** For screen readers, which go from heading to heading. */
const heading = ({ id }, name) => el('h2', { class: 'unseen', id: `of-${id}` }, name);

class PlainView {
  constructor(conversation, message, actions) {
    Object.assign(this, { conversation, message, actions });
    const name = message.role === 'tool' ? 'Result of a tool' : 'You';
    this.heading = heading(message, name);
    this.root = el('article', { class: `message ${message.role}`, 'aria-labelledby': this.heading.id });
    this.update();
  }

  update() {
    const { conversation, message, actions } = this;
    const edit = action('edit', 'Edit', () => this.edit());
    edit.classList.add('edit');
    this.root.replaceChildren(
      this.heading,
      el('div', { class: 'bubble' }, message.content),
      el('div', { class: 'actions' }, branches(message, siblings(conversation, message), actions.show) ?? '', copyMessage(message), edit,
        action('trash', 'Delete with all that follows', () => actions.remove(message))));
  }

  edit() {
    const area = el('textarea', { 'aria-label': 'Edit the message', oninput: () => grow(area) });
    const leave = () => {
      this.update();
      this.root.querySelector('.edit').focus();
    };
    const submit = (event) => {
      event.preventDefault();
      if (area.value.trim()) this.actions.edit(this.message, area.value);
    };
    const form = el('form', { class: 'editing', onsubmit: submit }, area,
      el('div', { class: 'buttons' }, el('button', { type: 'button', class: 'quiet', onclick: leave }, 'Cancel'),
        el('button', { type: 'submit', class: 'primary' }, 'Send')));
    form.addEventListener('keydown', (event) => {
      if (event.key === 'Escape') {
        event.stopPropagation();
        leave();
      } else if (event.key === 'Enter' && !event.shiftKey && !event.isComposing && event.target === area) {
        event.preventDefault();
        form.requestSubmit();
      }
    });
    area.value = this.message.content;
    this.root.replaceChildren(this.heading, form);
    grow(area);
    area.focus();
  }
}

class AnswerView {
  constructor(conversation, message, actions) {
    Object.assign(this, { conversation, message, actions });
    this.thinking = new Thinking();
    this.body = el('div', { class: 'markdown' });
    this.blocks = new Blocks(this.body);
    this.foot = el('div', { class: 'after' });
    const name = heading(message, 'Answer');
    this.root = el('article', { class: 'message assistant', 'aria-labelledby': name.id }, name, this.thinking.root, this.body, this.foot);
  }

  /** While it comes. */
  draw(answer) {
    this.root.setAttribute('aria-busy', 'true');
    this.fill(answer.thought, answer.isThinking, false);
    const calls = this.message.toolCalls ?? [];
    const waits = !this.message.content && !this.message.thinking && !calls.length;
    this.foot.replaceChildren(...toolCalls(calls, null),
      waits ? el('p', { class: 'waits' }, el('i'), el('i'), el('i')) : el('p', { class: 'stats live' }, paceOf(answer)));
  }

  /** When it is there. last: tools' results can be typed. */
  update(last) {
    const { conversation, message, actions } = this;
    this.root.removeAttribute('aria-busy');
    if (!this.whole) this.fill(message.thinkingMs ?? 0, false, true);
    this.whole = true;
    const send = last && message.toolCalls?.length ? (results) => actions.results(message, results) : null;
    const again = () => actions.regenerate(message);
    this.foot.replaceChildren(
      ...toolCalls(message.toolCalls ?? [], send),
      ending(message, again) ?? '',
      el('div', { class: 'actions' }, branches(message, siblings(conversation, message), actions.show) ?? '', copyMessage(message),
        action('again', 'Answer again', again), action('trash', 'Delete with all that follows', () => actions.remove(message)),
        statsLine(message) ?? ''));
  }

  fill(ms, thinks, finished) {
    const { content, thinking = '', json } = this.message;
    this.thinking.update(thinking, ms, thinks, finished);
    if (content.length === this.shown && !finished) return;
    this.shown = content.length;
    if (json && content.trim()) this.body.replaceChildren(codeBlock(pretty(content), 'json', finished));
    else this.blocks.update(content, finished);
  }
}
