// A conversation: a tree of messages, of which one path is shown. Editing and regenerating add a branch; none is lost.
//
// { id, title, named, created, updated, settings, messages: { id: message }, leaf }
// message: { id, parent, role, content, thinking, thinkingMs, toolCalls, toolCallId, json, stats, finish, error, created }

export const ROLES = ['user', 'assistant', 'tool'];

export const newId = () => crypto.randomUUID?.() ?? Array.from(crypto.getRandomValues(new Uint8Array(16)),
  (byte) => byte.toString(16).padStart(2, '0')).join(''); // randomUUID is there only on https and localhost

export function create(settings) {
  const now = Date.now();
  return { id: newId(), title: '', named: false, created: now, updated: now, settings: { ...settings }, messages: {}, leaf: null };
}

/** Adds a message below parent and shows the path that ends at it. */
export function add(conversation, parent, fields) {
  const message = { id: newId(), parent, content: '', created: Date.now(), ...fields };
  conversation.messages[message.id] = message;
  conversation.leaf = message.id;
  conversation.updated = message.created;
  if (!conversation.named && !conversation.title && message.role === 'user') {
    conversation.title = message.content.trim().split('\n')[0].slice(0, 60);
  }
  return message;
}

/** From the first message to the one whose id is given (the leaf): what is shown, and what is sent. */
export function path(conversation, id = conversation.leaf) {
  const found = [];
  for (let message = conversation.messages[id]; message; message = conversation.messages[message.parent]) {
    found.unshift(message);
  }
  return found;
}

const children = (conversation, parent) =>
  Object.values(conversation.messages).filter((message) => message.parent === parent)
    .sort((a, b) => a.created - b.created);

/** The branches beside a message, itself among them, oldest first. */
export const siblings = (conversation, message) => children(conversation, message.parent);

/** Shows the branch of a message, down to its newest end. */
export function select(conversation, message) {
  let end = message;
  for (let next = message; next; next = children(conversation, end.id).at(-1)) end = next;
  conversation.leaf = end.id;
}

/** Deletes a message with all that follows it; shows a sibling's branch, or what came before. */
export function remove(conversation, message) {
  const beside = siblings(conversation, message).filter((other) => other !== message).at(-1);
  const doomed = [message];
  for (let i = 0; i < doomed.length; i++) doomed.push(...children(conversation, doomed[i].id));
  for (const { id } of doomed) delete conversation.messages[id];
  if (beside) select(conversation, beside);
  else conversation.leaf = message.parent;
  conversation.updated = Date.now();
}

export const titleOf = (conversation) => conversation.title || 'New conversation';
