// The list of conversations: newest first under days, searched, renamed, deleted. A drawer where the window is narrow.
import { byId, el } from './dom.js';
import { action } from './message-parts.js';
import { titleOf } from './conversation.js';

const DAY = 86_400_000;

export class Sidebar {
  #query = '';

  /** actions: find(query), rename(id), remove(id), create(). */
  constructor(actions) {
    this.actions = actions;
    byId('search').addEventListener('input', ({ target }) => {
      this.#query = target.value.trim();
      actions.search(this.#query);
    });
    byId('new-chat').addEventListener('click', () => (this.close(), actions.create()));
    byId('open-sidebar').addEventListener('click', () => this.open());
    byId('close-sidebar').addEventListener('click', () => this.close());
    byId('shade').addEventListener('click', () => this.close());
    byId('sidebar').addEventListener('keydown', (event) => {
      if (event.key === 'Escape' && this.isOpen) {
        event.stopPropagation();
        this.close();
      }
    });
  }

  get query() {
    return this.#query;
  }

  get isOpen() {
    return document.body.classList.contains('drawer');
  }

  open() {
    document.body.classList.add('drawer');
    byId('shade').hidden = false;
    byId('stage').inert = true;
    byId('open-sidebar').setAttribute('aria-expanded', 'true');
    byId('close-sidebar').focus();
  }

  close() {
    if (!this.isOpen) return;
    document.body.classList.remove('drawer');
    byId('shade').hidden = true;
    byId('stage').inert = false;
    byId('open-sidebar').setAttribute('aria-expanded', 'false');
    byId('open-sidebar').focus();
  }

  search() {
    if (getComputedStyle(byId('open-sidebar')).display !== 'none') this.open();
    byId('search').focus();
    byId('search').select();
  }

  show(conversations, currentId, runningIds) {
    const focused = document.activeElement?.closest?.('#conversations li')?.dataset.id;
    const groups = Map.groupBy(conversations, ({ updated }) => dayOf(updated));
    const lists = [...groups].flatMap(([day, members]) => [
      el('h2', {}, day), el('ul', {}, members.map((member) => this.#row(member, currentId, runningIds.has(member.id))))]);
    const none = el('p', { class: 'none' }, this.#query ? 'Nothing found.' : 'Conversations are kept in this browser and nowhere else.');
    byId('conversations').replaceChildren(...(lists.length ? lists : [none]));
    if (focused) byId('conversations').querySelector(`[data-id="${CSS.escape(focused)}"] a`)?.focus();
  }

  #row(conversation, currentId, running) {
    const { id } = conversation;
    const current = id === currentId;
    const title = titleOf(conversation);
    const link = el('a', { href: `#${id}`, 'aria-current': current && 'page', onclick: () => this.close() },
      running && el('span', { class: 'runs', role: 'img', 'aria-label': 'Answering' }), el('span', {}, title));
    return el('li', { 'data-id': id, class: current ? 'current' : '' }, link,
      action('edit', `Rename ${title}`, () => this.actions.rename(id)), action('trash', `Delete ${title}`, () => this.actions.remove(id)));
  }
}

function dayOf(time) {
  const today = new Date().setHours(0, 0, 0, 0);
  if (time >= today) return 'Today';
  if (time >= today - DAY) return 'Yesterday';
  return time >= today - 7 * DAY ? 'This week' : 'Earlier';
}
