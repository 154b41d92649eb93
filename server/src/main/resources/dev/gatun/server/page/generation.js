// Asks the server for an answer and adds it to its conversation as it comes. One runs in each conversation at most.
import * as api from './api.js';
import { Answer } from './answer.js';
import { add, path } from './conversation.js';
import { Failure } from './failure.js';
import { chatRequest } from './request.js';
import { lost, ready, server } from './status.js';

const SAVE_MS = 2000; // at most so much of an answer is lost where the browser dies

/** By conversation: { conversation, message, answer, controller }. */
export const running = new Map();

export const modelOf = (conversation) => {
  const ids = server.models.map(({ id }) => id);
  const { model } = conversation.settings;
  return ids.includes(model) ? model : (ids[0] ?? model ?? 'default');
};

/**
 * Answers what the conversation's path ends with. hooks: started, changed and ended, each called with the generation,
 * and save(conversation). Throws an Error with a `field` before anything is changed where a setting cannot be read.
 */
export async function generate(conversation, hooks) {
  const history = path(conversation);
  chatRequest(conversation.settings, history, ''); // throws before there is an empty answer
  const json = Boolean(conversation.settings.format);
  const message = add(conversation, conversation.leaf, { role: 'assistant', thinking: '', toolCalls: [], json, finish: null });
  const generation = { conversation, message, answer: new Answer(message), controller: new AbortController() };
  running.set(conversation.id, generation);
  hooks.started(generation);
  try {
    while (!(await attempt(generation, history, hooks)));
  } catch (error) {
    end(generation, error);
  }
  generation.answer.end();
  if (running.get(conversation.id) === generation) running.delete(conversation.id); // a newer one may have its place
  hooks.ended(generation);
}

/** True where an answer came; false where the server was still loading, and the same is to be asked again. */
async function attempt(generation, history, hooks) {
  const { conversation, message, controller } = generation;
  await untilReady(controller.signal);
  generation.answer = new Answer(message);
  let saved = performance.now();
  try {
    const body = chatRequest(conversation.settings, history, modelOf(conversation));
    for await (const chunk of api.chat(body, controller.signal)) {
      if (generation.answer.take(chunk)) hooks.changed(generation);
      if (performance.now() - saved > SAVE_MS) {
        saved = performance.now();
        hooks.save(conversation);
      }
    }
  } catch (error) {
    if (error.kind !== 'loading') throw error;
    lost();
    return false;
  }
  message.finish ??= 'stop';
  return true;
}

const untilReady = (signal) =>
  new Promise((resolve, reject) => {
    signal.throwIfAborted();
    signal.addEventListener('abort', () => reject(signal.reason), { once: true });
    ready().then(resolve);
  });

function end({ message }, error) {
  if (error.name === 'AbortError') {
    message.finish = 'stopped';
    return;
  }
  const { kind, remedy } = error instanceof Failure ? error : { kind: 'refused', remedy: 'Try again.' };
  message.finish = 'error';
  message.error = { kind, message: error.message, remedy };
  if (kind === 'unreachable') lost();
}
