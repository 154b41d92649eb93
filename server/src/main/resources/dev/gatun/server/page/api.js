// The server's routes that the page uses. Addresses are relative, so that a server behind a path works too.
import { events } from './sse.js';
import { Failure, cut, ofEvent, ofStatus, unreachable } from './failure.js';
import * as key from './key.js';

async function ask(route, options = {}) {
  const headers = { ...(options.body && { 'Content-Type': 'application/json' }), ...(key.get() && { Authorization: `Bearer ${key.get()}` }) };
  let response;
  try {
    response = await fetch(route, { ...options, headers, cache: 'no-store' });
  } catch (error) {
    throw error.name === 'AbortError' ? error : unreachable();
  }
  if (response.ok) return response;
  throw ofStatus(response.status, await response.text().catch(() => ''));
}

/** [{ id, … }]: the models that answer. */
export const models = async () => (await (await ask('v1/models')).json()).data ?? [];

/** { model, context, parallel, cache: { used, total } }, or null where the server does not tell. */
export async function props() {
  try {
    return await (await ask('props')).json();
  } catch (error) {
    if (error instanceof Failure && error.kind !== 'refused') throw error;
    return null;
  }
}

/** { ready: true }, or { ready: false, progress } with progress from 0 to 1, or null where it is not told. */
export async function health() {
  const response = await fetch('health', { cache: 'no-store' }).catch(() => {
    throw unreachable();
  });
  if (response.status !== 503) return { ready: true };
  const body = await response.json().catch(() => ({}));
  return { ready: false, progress: Number.isFinite(body?.progress) ? body.progress : null };
}

/** Yields each chunk of a streamed chat completion. Ends after the last one; throws a Failure, or AbortError. */
export async function* chat(body, signal) {
  const response = await ask('v1/chat/completions', { method: 'POST', body: JSON.stringify(body), signal });
  let done = false;
  try {
    for await (const data of events(response.body)) {
      done ||= data === '[DONE]';
      if (done) continue; // to the body's end: left before it, the server would see a client that went away
      const chunk = JSON.parse(data);
      if (chunk.error) throw ofEvent(chunk.error);
      yield chunk;
    }
  } catch (error) {
    if (error instanceof Failure || error.name === 'AbortError') throw error;
    throw cut(); // the network failed, or what came was no chunk
  }
  if (!done) throw cut();
}
