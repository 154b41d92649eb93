// Who answers, whether it is ready, and how full its memory is; asks the server now and then, and says what is wrong.
import * as api from './api.js';
import { ask } from './ask.js';
import * as key from './key.js';
import { notice } from './tell.js';

const READY_MS = 10_000; // between looks at a server that is ready
const BUSY_MS = 2_000; // while it answers us
const WAITING_MS = 1_000; // while it loads or does not answer

export const server = { ready: false, models: [], props: null };
let changed = () => {};
let busy = () => false;
let waiting = [];
let timer = 0;
let tellsProps = true;

/** onChange() after each look; isBusy() tells whether an answer is on its way. */
export function watch(onChange, isBusy) {
  changed = onChange;
  busy = isBusy;
  document.addEventListener('visibilitychange', () => document.hidden || look());
  return look();
}

/** Ends when the server is ready; at once where it is. */
export const ready = () => (server.ready ? Promise.resolve() : new Promise((resolve) => waiting.push(resolve)));

/** To be called when a request found the server loading or gone: looks until it is back. */
export function lost() {
  server.ready = false;
  return look();
}

async function look() {
  clearTimeout(timer);
  try {
    await lookOnce();
  } catch (failure) {
    if (failure.kind === 'key') return askForKey(failure);
    server.ready = false;
    notice(`${failure.message} ${failure.remedy ?? ''} Looking again every second.`);
  }
  changed();
  const next = !server.ready ? WAITING_MS : busy() ? BUSY_MS : READY_MS;
  timer = setTimeout(() => (document.hidden && server.ready ? null : look()), next);
}

async function lookOnce() {
  if (!server.ready) {
    const health = await api.health();
    if (!health.ready) return notice('The model is being loaded.', health.progress);
    server.models = await api.models();
    server.ready = true;
    notice(null);
    waiting.splice(0).forEach((go) => go());
  }
  if (tellsProps) {
    server.props = await api.props();
    tellsProps = server.props !== null;
  }
}

let asking = null;

/** Asks for the API key, once at a time; the server is looked at again when there is one. */
export function askForKey(failure) {
  asking ??= ask({
    title: 'API key',
    text: `${failure.message} ${failure.remedy}`,
    label: 'Key',
    type: 'password',
    box: 'Keep it in this browser',
    ticked: key.kept(),
    action: 'Use this key',
  }).then((answer) => {
    asking = null;
    if (answer) key.set(answer.text, answer.ticked);
    else notice('The server wants an API key. It can be entered in the settings.');
    return answer ? look() : null;
  });
  return asking;
}
