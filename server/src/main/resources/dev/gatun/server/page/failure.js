// What went wrong, in words a person can act on: what happened, and what to do.

export class Failure extends Error {
  /** kind: unreachable, key, loading, cut, refused or busy. */
  constructor(kind, message, remedy) {
    super(message);
    this.kind = kind;
    this.remedy = remedy;
  }
}

export const unreachable = () =>
  new Failure('unreachable', 'The server does not answer.', 'See whether gatun serve still runs, then try again.');

export const cut = () =>
  new Failure('cut', 'The connection ended before the answer did.', 'What had come is kept. Try again for a new answer.');

const REMEDIES = {
  400: 'Change what the message names, in the settings or in the conversation, and try again.',
  403: 'Open the page under a name that the server takes, such as localhost.',
  404: 'Is the model still the same? Reload the page to see which models there are.',
  413: 'The conversation is too large. Delete messages, or begin a new one.',
  429: 'The server has all it can do. Try again in a moment.',
  501: 'This server or model cannot do that. Change the setting that the message names.',
};

/** The failure that an answer with an error status tells; body is its text, OpenAI's error object where it is ours. */
export function ofStatus(status, body) {
  const error = errorIn(body);
  const said = error?.message ?? `The server answered ${status}.`;
  if (status === 401) return new Failure('key', said, 'Enter the API key that the server was started with.');
  if (status === 503 && /load/i.test(said)) return new Failure('loading', said, 'The answer begins when the model is loaded.');
  if (status === 429 || status === 503) return new Failure('busy', said, REMEDIES[429]);
  if (error?.type === 'exceed_context_size_error' || error?.code === 'context_length_exceeded') {
    return new Failure('refused', said, 'Delete messages, begin a new conversation, or start the server with a larger -c.');
  }
  return new Failure('refused', said, REMEDIES[status] ?? (status >= 500 ? 'Its log says more. Try again.' : REMEDIES[400]));
}

/** A failure told in the middle of a stream. */
export const ofEvent = (error) =>
  new Failure('refused', error.message ?? 'The server ended the answer.', 'What had come is kept. Try again for a new answer.');

function errorIn(body) {
  try {
    const { error } = JSON.parse(body);
    return typeof error === 'string' ? { message: error } : error;
  } catch {
    return null; // a proxy's page, or nothing
  }
}
