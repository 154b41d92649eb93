// Api: all that the server answers, path by path.
package dev.gatun.server;

import dev.gatun.server.openai.ChatCompletions;
import dev.gatun.server.openai.Models;

/** Routes, with what they tell of those who use them. */
record Api(Routes routes, Metrics metrics, Slots slots) {
  static Api of(ServedModel served, Admission admission, Metrics metrics) {
    Slots slots = new Slots(metrics);
    Routes routes = new Routes();
    routes.open("/health", new Health(served));
    routes.get("/metrics", new MetricsRoute(metrics));
    routes.get("/slots", slots);
    routes.get("/v1/models", new Models(served));
    routes.post("/v1/chat/completions", new ChatCompletions(served, admission));
    return new Api(routes, metrics, slots);
  }
}
