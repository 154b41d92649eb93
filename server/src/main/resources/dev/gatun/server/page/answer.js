// One answer as it comes: adds the stream's chunks to a message and times it.

export class Answer {
  constructor(message, now = () => performance.now()) {
    this.message = message;
    this.now = now;
    this.asked = now();
    this.first = null; // when the first token came
    this.thinkingSince = null;
    this.pieces = 0; // chunks with text: about the tokens
  }

  /** Adds a chunk. True where it changed what is shown. */
  take(chunk) {
    this.count(chunk);
    const choice = chunk.choices?.[0];
    if (!choice) return false;
    if (choice.finish_reason) this.message.finish = choice.finish_reason;
    const delta = choice.delta ?? {};
    const thinking = delta.reasoning_content ?? delta.reasoning ?? '';
    if (!thinking && !delta.content && !delta.tool_calls) return false;
    this.first ??= this.now();
    this.pieces++;
    if (thinking) this.think(thinking);
    if (delta.content || delta.tool_calls) this.endThinking();
    this.message.content += delta.content ?? '';
    for (const call of delta.tool_calls ?? []) this.call(call);
    return true;
  }

  think(text) {
    this.thinkingSince ??= this.now();
    this.message.thinking = (this.message.thinking ?? '') + text;
    this.message.thinkingMs = this.now() - this.thinkingSince;
  }

  get isThinking() {
    return this.thinkingSince !== null;
  }

  /** Milliseconds of thinking so far. */
  get thought() {
    return this.isThinking ? this.now() - this.thinkingSince : (this.message.thinkingMs ?? 0);
  }

  endThinking() {
    if (!this.isThinking) return;
    this.message.thinkingMs = this.thought;
    this.thinkingSince = null;
  }

  /** Calls come in pieces joined by their index: first id and name, then arguments. */
  call({ index = 0, id, function: named = {} }) {
    const calls = (this.message.toolCalls ??= []);
    const call = (calls[index] ??= { id: '', name: '', arguments: '' });
    call.id ||= id ?? `call_${index}`;
    call.name += named.name ?? '';
    call.arguments += named.arguments ?? '';
  }

  /** What the server says of tokens and times; until it does, what was counted here. */
  count({ usage, timings }) {
    const stats = (this.message.stats ??= {});
    if (usage) {
      stats.prompt = usage.prompt_tokens;
      stats.tokens = usage.completion_tokens;
      stats.cached = usage.prompt_tokens_details?.cached_tokens;
      stats.thinking = usage.completion_tokens_details?.reasoning_tokens;
    }
    if (timings) {
      stats.cached ??= timings.cache_n;
      stats.prompt ??= (timings.cache_n ?? 0) + (timings.prompt_n ?? 0);
      stats.tokens ??= timings.predicted_n;
      stats.promptMs = timings.prompt_ms;
      stats.perSecond = timings.predicted_per_second ?? (1000 * timings.predicted_n) / timings.predicted_ms;
    }
  }

  /** Tokens a second, about, while the answer comes. */
  get pace() {
    return this.first === null ? 0 : (1000 * this.pieces) / Math.max(1, this.now() - this.first);
  }

  end() {
    this.endThinking();
    const stats = (this.message.stats ??= {});
    if (this.first === null) return;
    stats.firstMs = this.first - this.asked;
    if (!Number.isFinite(stats.perSecond)) {
      stats.perSecond = this.pace;
      stats.counted = 1; // by the page: shown as about
    }
  }
}
