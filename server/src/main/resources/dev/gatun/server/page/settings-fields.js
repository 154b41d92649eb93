// What can be set for a conversation: each field's name in the API, its label, and how its text is read.
// Every value is kept as the text that was typed; an empty one is not sent, so that the server's own default holds.

const real = (low, high) => (text) => {
  const value = Number(text);
  if (!Number.isFinite(value) || value < low || value > high) throw new Error(`a number from ${low} to ${high}`);
  return value;
};

const whole = (low) => (text) => {
  const value = Number(text);
  if (!Number.isSafeInteger(value) || value < low) throw new Error(`a whole number, ${low} or more`);
  return value;
};

function json(text, fits, expected) {
  let value;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw new Error(`${expected}; this is not JSON: ${error.message}`);
  }
  if (!fits(value)) throw new Error(expected);
  return value;
}

const isObject = (value) => value !== null && typeof value === 'object' && !Array.isArray(value);
const schema = (text) => json(text, isObject, 'a JSON schema, an object');
const tools = (text) =>
  json(text, (value) => Array.isArray(value) && value.every((tool) => isObject(tool) && isObject(tool.function)),
    'a JSON array of tools, each { "type": "function", "function": { "name": …, "parameters": … } }');
const lines = (text) => text.split('\n').filter((line) => line !== '').map((line) => line.replaceAll('\\n', '\n'));
const asIs = (text) => text;

const number = (name, label, read, hint) => ({ group: 'Sampling', name, label, read, hint, kind: 'number' });
const choice = (group, name, label, options) => ({ group, name, label, options, read: asIs, kind: 'choice' });
const area = (group, name, label, read, placeholder) => ({ group, name, label, read, placeholder, kind: 'area' });

export const FIELDS = [
  area('Instructions', 'system', 'System prompt', asIs, 'You are a careful assistant.'),
  number('temperature', 'Temperature', real(0, 5), '0 is greedy'),
  number('top_p', 'Top p', real(0, 1), '1 is all'),
  number('top_k', 'Top k', whole(0), '0 is all'),
  number('min_p', 'Min p', real(0, 1), '0 is off'),
  number('max_completion_tokens', 'Most tokens', whole(1), 'until it ends'),
  number('seed', 'Seed', whole(0), 'random'),
  number('presence_penalty', 'Presence penalty', real(-2, 2), '0 is off'),
  number('frequency_penalty', 'Frequency penalty', real(-2, 2), '0 is off'),
  number('repeat_penalty', 'Repeat penalty', real(0.01, 10), '1 is off'),
  { ...area('Sampling', 'stop', 'Stop strings, one a line (\\n is a line break)', lines), rows: 2 },
  choice('Thinking', 'reasoning_effort', 'Effort', [['', 'As the model does'], ['none', 'None'], ['low', 'Low'],
    ['medium', 'Medium'], ['high', 'High']]),
  { ...number('thinking_budget_tokens', 'Most tokens of thinking', whole(0), 'no limit'), group: 'Thinking' },
  choice('Answer', 'format', 'Form', [['', 'Text'], ['json_object', 'Any JSON'], ['json_schema', 'JSON of a schema']]),
  area('Answer', 'schema', 'JSON schema', schema, '{ "type": "object", "properties": { … } }'),
  area('Tools', 'tools', 'Tools', tools, '[{ "type": "function", "function": { "name": "weather", "parameters": { … } } }]'),
  choice('Tools', 'tool_choice', 'Use', [['', 'When the model likes'], ['required', 'Always'], ['none', 'Never']]),
];

/** What a field's text means; null where nothing is set. Throws an Error that says what was expected. */
export function valueOf(field, settings) {
  const typed = settings[field.name] ?? '';
  return typed.trim() === '' ? null : field.read(typed);
}

/** All values by name. Throws an Error with the field's name in its `field`. */
export function values(settings) {
  return Object.fromEntries(FIELDS.map((field) => {
    try {
      return [field.name, valueOf(field, settings)];
    } catch (error) {
      throw Object.assign(new Error(`${field.label}: expected ${error.message}`), { field: field.name });
    }
  }));
}
