// Starts the page and ties its parts together: which conversation is shown, what is sent, what is kept.
import { Composer } from './composer.js';
import { add, create, path, remove, select, titleOf } from './conversation.js';
import { keepSettings, lastSettings } from './defaults.js';
import { byId } from './dom.js';
import { count, gibibytes } from './figures.js';
import { generate, modelOf, running } from './generation.js';
import { icon } from './icons.js';
import { listen, openKeys } from './keys.js';
import { Library } from './library.js';
import { Messages } from './messages.js';
import { openSettings } from './settings.js';
import { askForKey, server, watch } from './status.js';
import { speak, toast } from './tell.js';
import { themeSwitch } from './appearance.js';
import { welcome } from './welcome.js';

let conversation = create(lastSettings());
const library = new Library({ current: () => conversation, running, leave: () => open(create(lastSettings())), reload: show });
const messages = new Messages({ edit, regenerate, remove: removeMessage, show: showBranch, results });
const composer = new Composer({ send, stop, editLast: () => messages.editLast(), settings });

function show() {
  const generation = running.get(conversation.id);
  messages.show(conversation, generation);
  byId('messages').querySelector('.welcome')?.remove();
  if (!conversation.leaf) byId('messages').append(welcome((text) => ((composer.text = text), composer.focus())));
  composer.running = Boolean(generation);
  composer.chips(conversation.settings);
  frame();
}

/** What stands around the messages. */
function frame() {
  byId('title').textContent = titleOf(conversation);
  document.title = conversation.title ? `${conversation.title} – Gatun` : 'Gatun';
  byId('model').textContent = server.ready ? modelOf(conversation) : '';
  byId('export').hidden = !conversation.leaf;
  byId('memory').textContent = memory();
}

function memory() {
  const { context, cache } = server.props ?? {};
  const stats = path(conversation).findLast(({ stats }) => stats?.prompt)?.stats;
  const used = stats ? stats.prompt + (stats.tokens ?? 0) : 0;
  const parts = [];
  if (context) parts.push(used ? `${count(used)} of ${count(context)} tokens` : `Context ${count(context)} tokens`);
  if (cache?.total) parts.push(`cache ${gibibytes(cache.used)} of ${gibibytes(cache.total)} GiB`);
  return parts.join(' · ');
}

function open(next) {
  conversation = next;
  const hash = next.leaf ? `#${next.id}` : '';
  if (location.hash !== hash) history.pushState(null, '', hash || location.pathname);
  show();
  library.refresh();
  messages.toEnd();
  composer.focus();
}

async function openHash() {
  const id = location.hash.slice(1);
  if (id === conversation.id) return;
  const known = id && (running.get(id)?.conversation ?? (await library.load(id)));
  open(known || create(lastSettings()));
}

async function send(text) {
  const parent = conversation.leaf;
  add(conversation, parent, { role: 'user', content: text });
  if (await answer()) composer.text = '';
  else withdraw(parent);
}

/** Takes back the message that could not be sent: it stays in the box, where it was. */
function withdraw(parent) {
  delete conversation.messages[conversation.leaf];
  conversation.leaf = parent;
  if (!parent && !conversation.named) conversation.title = '';
  show();
}

/** Asks for an answer to the path's end. False where a setting cannot be read: its field is shown. */
async function answer() {
  const asked = conversation;
  try {
    await new Promise((begun, failed) => generate(asked, {
      started: (generation) => (begun(), started(generation)),
      changed: (generation) => messages.changed(generation),
      ended,
      save: (each) => library.save(each),
    }).catch(failed));
    return true;
  } catch (error) {
    toast(error.message);
    if (error.field) settings(error.field);
    return false;
  }
}

function started(generation) {
  history.replaceState(null, '', `#${generation.conversation.id}`);
  show();
  messages.toEnd();
  library.save(generation.conversation);
  speak('The answer begins');
}

function ended(generation) {
  const { message, conversation: its } = generation;
  messages.ended(generation);
  composer.running = running.has(conversation.id);
  frame();
  library.save(its);
  speak({ stopped: 'Stopped', error: '' }[message.finish] ?? 'The answer is complete');
  if (message.error?.kind === 'key') askForKey({ message: message.error.message, remedy: message.error.remedy });
}

function stop() {
  running.get(conversation.id)?.controller.abort();
}

/** The edited message becomes a branch beside the old one. */
async function edit(message, text) {
  const before = conversation.leaf;
  stop();
  add(conversation, message.parent, { role: message.role, content: text, toolCallId: message.toolCallId });
  if (!(await answer())) {
    delete conversation.messages[conversation.leaf];
    conversation.leaf = before;
    show();
  }
  composer.focus();
}

/** The new answer becomes a branch beside the old one. */
async function regenerate(message) {
  const before = conversation.leaf;
  stop();
  conversation.leaf = message.parent;
  if (!(await answer())) conversation.leaf = before;
  composer.focus();
}

async function results(message, given) {
  for (const { id, content } of given) add(conversation, conversation.leaf, { role: 'tool', toolCallId: id, content });
  if (!(await answer())) show();
  composer.focus();
}

function showBranch(message) {
  stop();
  select(conversation, message);
  show();
  library.save(conversation);
}

function removeMessage(message) {
  stop();
  const before = structuredClone(conversation);
  remove(conversation, message);
  show();
  library.save(conversation);
  composer.focus();
  const undo = () => {
    if (conversation.id === before.id) open(before);
    library.save(before);
  };
  toast('The message and all that followed it are deleted.', { label: 'Undo', run: undo });
}

function settings(field) {
  openSettings(conversation.settings, (changed) => {
    Object.assign(conversation.settings, changed);
    keepSettings(changed);
    composer.chips(changed);
    frame();
    if (conversation.leaf) library.save(conversation);
  }, typeof field === 'string' ? field : null);
}

for (const [id, name] of [['open-sidebar', 'list'], ['close-sidebar', 'close'], ['open-settings', 'settings'], ['export', 'export'], ['to-end', 'down']]) {
  byId(id).replaceChildren(icon(name));
}
byId('new-chat').replaceChildren(icon('plus'), 'New conversation');
byId('open-settings').addEventListener('click', settings);
byId('open-keys').addEventListener('click', openKeys);
byId('export').addEventListener('click', () => library.export(conversation));
themeSwitch();
listen({ stop, create: () => open(create(lastSettings())), search: () => library.search(), settings, focus: () => composer.focus() });
addEventListener('hashchange', openHash);
addEventListener('pagehide', () => running.forEach((generation) => library.save(generation.conversation)));

show();
await library.open();
await openHash();
library.refresh();
composer.focus();
watch(frame, () => running.size > 0);
