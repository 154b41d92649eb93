// The body of a request for chat completions, from a conversation's settings and the path that is shown.
import { values } from './settings-fields.js';

// Read by this page, not by the server under the same name.
const OURS = ['system', 'format', 'schema', 'tools', 'tool_choice'];

/** Throws an Error with a `field` where a setting cannot be read. */
export function chatRequest(settings, messages, model) {
  const set = values(settings);
  const body = { model, messages: history(set.system, messages), stream: true, stream_options: { include_usage: true } };
  for (const [name, value] of Object.entries(set)) {
    if (value !== null && !OURS.includes(name)) body[name] = value;
  }
  if (set.tools?.length) {
    body.tools = set.tools;
    if (set.tool_choice) body.tool_choice = set.tool_choice;
  }
  if (set.format === 'json_object') body.response_format = { type: 'json_object' };
  if (set.format === 'json_schema') body.response_format = { type: 'json_schema', json_schema: { name: 'answer', strict: true, schema: required(set.schema) } };
  return body;
}

function required(schema) {
  if (schema === null) throw Object.assign(new Error('JSON schema: expected one, since answers are to be JSON of a schema'), { field: 'schema' });
  return schema;
}

/** Thinking stays out: sent back, it makes models imitate its tags. An answer that failed before its first word does too. */
function history(system, messages) {
  const sent = messages.filter(({ role, content, toolCalls }) => role !== 'assistant' || content || toolCalls?.length).map(toApi);
  return system === null ? sent : [{ role: 'system', content: system }, ...sent];
}

function toApi({ role, content, toolCalls, toolCallId }) {
  if (role === 'tool') return { role, tool_call_id: toolCallId, content };
  if (!toolCalls?.length) return { role, content };
  const calls = toolCalls.map(({ id, name, arguments: text }) => ({ id, type: 'function', function: { name, arguments: text } }));
  return { role, content, tool_calls: calls };
}
