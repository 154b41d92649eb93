// All conversations of this browser: the list at the side, and what is saved, searched, renamed, deleted and exchanged.
import { ask } from './ask.js';
import { path, titleOf } from './conversation.js';
import { byId } from './dom.js';
import { Sidebar } from './sidebar.js';
import * as store from './store.js';
import { toast } from './tell.js';
import { download, read } from './transfer.js';

export class Library {
  #page;
  #sidebar;
  #looks = 0;
  #known = new Map(); // id, title and date of each, so that the list needs no look into the store
  #gone = new Set(); // deleted
  #others = new BroadcastChannel('gatun'); // the page in other tabs

  /** page: current(), running, leave() to an empty conversation, reload() what is shown. */
  constructor(page) {
    this.#page = page;
    this.#sidebar = new Sidebar({
      search: () => this.refresh(),
      rename: (id) => this.#rename(id),
      remove: (id) => this.#remove(id),
      create: () => page.leave(),
    });
    byId('import').addEventListener('click', () => byId('import-file').click());
    byId('import-file').addEventListener('change', ({ target }) => this.#import(target));
    byId('export-all').addEventListener('click', () => this.#exportAll());
    this.#others.onmessage = ({ data }) => this.#changedElsewhere(data);
  }

  async open() {
    if (!(await store.open())) toast('This browser keeps no data for the page: conversations end when it is closed. Export what you need.');
    await store.each((conversation) => this.#note(conversation));
  }

  #note({ id, title, updated }) {
    this.#known.set(id, { id, title, updated });
  }

  load(id) {
    return store.load(id);
  }

  search() {
    this.#sidebar.search();
  }

  async save(conversation) {
    if (this.#gone.has(conversation.id)) return; // its answer still came to its end
    this.#note(conversation);
    try {
      await store.save(conversation);
      this.#others.postMessage(conversation.id);
    } catch (error) {
      const full = error.name === 'QuotaExceededError';
      toast(full ? 'The browser has no room left: this conversation is not saved. Export and delete some.'
        : `This conversation could not be saved: ${error.message}`);
    }
    await this.refresh();
  }

  /** The list again; of two searches at once the later one is shown. */
  async refresh() {
    const look = ++this.#looks;
    const words = this.#sidebar.query.toLowerCase();
    const matching = new Set();
    if (words) await store.each((conversation) => holds(conversation, words) && matching.add(conversation.id));
    if (look !== this.#looks) return;
    const shown = [...this.#known.values()].filter(({ id }) => !words || matching.has(id));
    this.#sidebar.show(shown.sort((a, b) => b.updated - a.updated), this.#page.current().id, this.#page.running);
  }

  async #rename(id) {
    const conversation = await this.#at(id);
    const answer = await ask({ title: 'Rename', label: 'Name', value: titleOf(conversation), action: 'Rename' });
    if (!answer?.text.trim()) return;
    Object.assign(conversation, { title: answer.text.trim().slice(0, 200), named: true });
    await this.save(conversation);
    if (id === this.#page.current().id) this.#page.reload();
  }

  async #remove(id) {
    const conversation = await this.#at(id);
    this.#gone.add(id);
    this.#page.running.get(id)?.controller.abort();
    this.#known.delete(id);
    await store.erase(id);
    this.#others.postMessage(id);
    if (id === this.#page.current().id) this.#page.leave();
    await this.refresh();
    toast(`“${titleOf(conversation)}” is deleted.`, { label: 'Undo', run: () => (this.#gone.delete(id), this.save(conversation)) });
  }

  /** The one on the page is newer than its record. */
  async #at(id) {
    const current = this.#page.current();
    return id === current.id ? current : (this.#page.running.get(id)?.conversation ?? store.load(id));
  }

  export(conversation) {
    download([conversation], titleOf(conversation));
  }

  async #exportAll() {
    download(await store.all(), 'gatun-conversations');
  }

  async #import(input) {
    const [file] = input.files;
    if (!file) return;
    try {
      const conversations = read(await file.text());
      for (const conversation of conversations) {
        await store.save(conversation);
        this.#note(conversation);
      }
      toast(conversations.length === 1 ? 'One conversation is imported.' : `${conversations.length} conversations are imported.`);
    } catch (error) {
      toast(error.name === 'QuotaExceededError' ? 'The browser has no room left for the rest of the file.' : error.message);
    }
    input.value = ''; // the same file may be chosen again
    await this.refresh();
  }

  /** A tab that shows the same conversation and is not answering takes what the other one saved. */
  async #changedElsewhere(id) {
    const newer = await store.load(id);
    if (newer) this.#note(newer);
    else this.#known.delete(id);
    await this.refresh();
    const current = this.#page.current();
    if (!newer || id !== current.id || this.#page.running.has(id)) return;
    for (const name of Object.keys(newer)) current[name] = newer[name];
    this.#page.reload();
  }
}

const holds = (conversation, words) =>
  conversation.title.toLowerCase().includes(words) ||
  path(conversation).some(({ content }) => content.toLowerCase().includes(words));
