// Conversations as JSON files: export, and import that trusts nothing it reads.
import { el } from './dom.js';
import { ROLES, create, newId } from './conversation.js';
import { FIELDS } from './settings-fields.js';

const FORMAT = 'gatun-conversations';
const text = (value) => (typeof value === 'string' ? value : '');
const number = (value) => (Number.isFinite(value) ? value : null);
const object = (value) => (value && typeof value === 'object' && !Array.isArray(value) ? value : {});

export function download(conversations, name) {
  const json = JSON.stringify({ format: FORMAT, version: 1, conversations }, null, 1);
  const url = URL.createObjectURL(new Blob([json], { type: 'application/json' }));
  el('a', { href: url, download: `${name.replace(/[^\p{L}\p{N} _-]+/gu, '').trim().slice(0, 60) || 'conversation'}.json` }).click();
  setTimeout(() => URL.revokeObjectURL(url), 60_000);
}

/** The conversations of a file's text, with new ids, so that an import never writes over what is here. */
export function read(json) {
  let file;
  try {
    file = JSON.parse(json);
  } catch (error) {
    throw new Error(`The file is not JSON: ${error.message}`);
  }
  if (object(file).format !== FORMAT || !Array.isArray(file.conversations)) {
    throw new Error('The file holds no conversations; choose one that this page exported.');
  }
  return file.conversations.map(conversation);
}

function conversation(given) {
  const source = object(given);
  const made = create(settings(object(source.settings)));
  const ids = new Map(Object.keys(object(source.messages)).map((id) => [id, newId()]));
  for (const [id, found] of Object.entries(object(source.messages))) {
    const message = readMessage(object(found), ids);
    if (message) made.messages[ids.get(id)] = { id: ids.get(id), ...message };
  }
  unloop(made.messages);
  made.title = text(source.title).slice(0, 200);
  made.named = source.named === true;
  made.created = number(source.created) ?? made.created;
  made.updated = number(source.updated) ?? made.updated;
  const leaf = ids.get(source.leaf);
  made.leaf = made.messages[leaf] ? leaf : (Object.keys(made.messages).at(-1) ?? null);
  return made;
}

function readMessage(found, ids) {
  if (!ROLES.includes(found.role)) return null;
  const calls = Array.isArray(found.toolCalls) ? found.toolCalls.map(object) : [];
  return {
    parent: ids.get(found.parent) ?? null,
    role: found.role,
    content: text(found.content),
    thinking: text(found.thinking),
    thinkingMs: number(found.thinkingMs),
    toolCalls: calls.map((call) => ({ id: text(call.id), name: text(call.name), arguments: text(call.arguments) })),
    toolCallId: text(found.toolCallId),
    json: found.json === true,
    stats: numbers(object(found.stats)),
    finish: text(found.finish) || null,
    created: number(found.created) ?? Date.now(),
  };
}

const numbers = (found) => Object.fromEntries(Object.entries(found).filter(([, value]) => Number.isFinite(value)));

const settings = (found) =>
  Object.fromEntries(FIELDS.filter(({ name }) => typeof found[name] === 'string').map(({ name }) => [name, found[name]]));

/** A file may name a message its own ancestor; such a path would never end, so it begins there. */
function unloop(messages) {
  for (const message of Object.values(messages)) {
    const seen = new Set([message.id]);
    for (let at = message; at.parent; at = messages[at.parent]) {
      if (seen.has(at.parent) || !messages[at.parent]) {
        at.parent = null;
        break;
      }
      seen.add(at.parent);
    }
  }
}
