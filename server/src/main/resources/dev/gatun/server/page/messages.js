// The messages of the conversation that is shown, and where it is scrolled to.
import { path } from './conversation.js';
import { byId } from './dom.js';
import { messageView } from './message-view.js';
import { paced } from './pace.js';

const NEAR = 60; // pixels from the end within which the view follows an answer

export class Messages {
  #actions;
  #views = new Map();
  #shown = null;
  #following = true;
  #last = { top: 0, height: 0 }; // of the scroll position, when it was looked at
  #generation = null;
  #draw = paced(() => this.#drawNow());

  constructor(actions) {
    this.#actions = actions;
    const main = byId('main');
    main.addEventListener('scroll', () => this.#scrolled(), { passive: true });
    byId('to-end').addEventListener('click', () => this.toEnd());
    // Comes after each layout that changed a size, before it is painted: no drawing has to force a layout itself.
    const sizes = new ResizeObserver(() => this.#follow());
    sizes.observe(byId('messages'));
    sizes.observe(main);
  }

  /** Shows a conversation's path; views of messages that stay are kept. generation: what is on its way there, if anything. */
  show(conversation, generation) {
    if (this.#shown !== conversation) this.#views.clear();
    this.#shown = conversation;
    this.#generation = generation ?? null;
    const messages = path(conversation);
    const viewOf = (message) => {
      const kept = this.#views.get(message.id);
      return kept?.message === message ? kept : messageView(conversation, message, this.#actions);
    };
    const views = new Map(messages.map((message) => [message.id, viewOf(message)]));
    this.#views = views;
    this.#place([...views.values()].map(({ root }) => root));
    messages.forEach((message, i) => {
      if (message !== generation?.message) views.get(message.id).update(i === messages.length - 1);
    });
    if (generation) this.#draw.now();
  }

  /** Those that stay are not moved, so that focus and selection stay too. */
  #place(roots) {
    const holder = byId('messages');
    let kept = 0;
    while (kept < roots.length && holder.children[kept] === roots[kept]) kept++;
    while (holder.children.length > kept) holder.lastChild.remove();
    holder.append(...roots.slice(kept));
  }

  /** A piece of the answer came. */
  changed(generation) {
    if (generation === this.#generation) this.#draw();
  }

  ended(generation) {
    if (generation !== this.#generation) return;
    this.#draw.cancel();
    this.#generation = null;
    this.#views.get(generation.message.id)?.update(true);
  }

  #drawNow() {
    if (!this.#generation) return;
    const { message, answer } = this.#generation;
    this.#views.get(message.id)?.draw(answer);
  }

  /** Edits the last message of the user. */
  editLast() {
    [...this.#views.values()].filter(({ message }) => message.role === 'user').at(-1)?.edit();
  }

  toEnd() {
    this.#following = true;
    this.#follow();
  }

  #follow() {
    const main = byId('main');
    if (this.#following) main.scrollTop = main.scrollHeight;
  }

  /** Following ends when the user goes up: the top moves back by more than the text has become shorter. */
  #scrolled() {
    const { scrollTop: top, scrollHeight: height, clientHeight } = byId('main');
    if (height - top - clientHeight < NEAR) this.#following = true;
    else if (this.#last.top - top > Math.max(0, this.#last.height - height) + 1) this.#following = false;
    this.#last = { top, height };
    byId('to-end').hidden = this.#following;
  }
}
