// Api: all that the server answers, path by path.
package dev.gatun.server;

import dev.gatun.server.anthropic.CountTokens;
import dev.gatun.server.anthropic.Errors;
import dev.gatun.server.anthropic.Messages;
import dev.gatun.server.openai.ChatCompletions;
import dev.gatun.server.openai.Completions;
import dev.gatun.server.openai.Models;
import dev.gatun.server.openai.responses.Responses;
import dev.gatun.server.tokens.Detokenize;
import dev.gatun.server.tokens.Tokenize;
import dev.gatun.server.tokens.TokenizerInfo;

/** Routes, with what they tell of those who use them. */
record Api(Routes routes, Metrics metrics, Slots slots) {
  static Api of(ServedModel served, Admission admission, Metrics metrics) {
    Slots slots = new Slots(metrics);
    Routes routes = new Routes();
    routes.open("/health", new Health(served));
    routes.open("/openapi.json", new OpenApi());
    routes.get("/metrics", new MetricsRoute(metrics));
    routes.get("/slots", slots);
    routes.get("/props", new Props(served));
    routes.get("/v1/models", new Models(served));
    routes.post("/v1/chat/completions", new ChatCompletions(served, admission));
    routes.post("/v1/completions", new Completions(served, admission));
    routes.post("/v1/responses", new Responses(served, admission));
    routes.post("/v1/messages", new Messages(served, admission));
    routes.errors("/v1/messages", Errors::json);
    routes.post("/v1/messages/count_tokens", new CountTokens(served));
    routes.errors("/v1/messages/count_tokens", Errors::json);
    routes.post("/tokenize", new Tokenize(served));
    routes.post("/detokenize", new Detokenize(served));
    routes.get("/tokenizer_info", new TokenizerInfo(served));
    Page.addTo(routes);
    return new Api(routes, metrics, slots);
  }
}
