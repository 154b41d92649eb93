// Conversations in IndexedDB, one record each. Where the browser keeps nothing, they live in memory and the page says so.
const NAME = 'gatun';
const STORE = 'conversations';
let database = null;
const memory = new Map();

const asked = (request) =>
  new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });

/** Opens the store. False where conversations will not be kept. */
export async function open() {
  try {
    const request = indexedDB.open(NAME, 1);
    request.onupgradeneeded = () => request.result.createObjectStore(STORE, { keyPath: 'id' });
    database = await asked(request);
    return true;
  } catch {
    return false;
  }
}

/** Runs work on the store and ends when it is durable: a full disk shows at the end of a transaction, not before. */
function transaction(mode, work) {
  return new Promise((resolve, reject) => {
    const running = database.transaction(STORE, mode);
    let result;
    running.oncomplete = () => resolve(result);
    running.onabort = () => reject(running.error ?? new DOMException('The browser ended the write', 'AbortError'));
    Promise.resolve(work(running.objectStore(STORE))).then((value) => (result = value), (error) => {
      reject(error);
      try {
        running.abort();
      } catch {
        // it has ended already
      }
    });
  });
}

export async function save(conversation) {
  if (!database) memory.set(conversation.id, structuredClone(conversation));
  else await transaction('readwrite', (store) => asked(store.put(conversation))); // put copies it before it returns
}

export async function load(id) {
  if (!database) return structuredClone(memory.get(id));
  return transaction('readonly', (store) => asked(store.get(id)));
}

export async function erase(id) {
  if (!database) memory.delete(id);
  else await transaction('readwrite', (store) => asked(store.delete(id)));
}

export async function all() {
  if (!database) return [...memory.values()];
  return transaction('readonly', (store) => asked(store.getAll()));
}

/** Hands each conversation to visit. One at a time: all at once may be large. */
export async function each(visit) {
  if (!database) memory.forEach(visit);
  else await transaction('readonly', (store) => visitAll(store, visit));
}

function visitAll(store, visit) {
  return new Promise((resolve, reject) => {
    const request = store.openCursor();
    request.onerror = () => reject(request.error);
    request.onsuccess = () => {
      if (!request.result) return resolve();
      visit(request.result.value);
      request.result.continue();
    };
  });
}
