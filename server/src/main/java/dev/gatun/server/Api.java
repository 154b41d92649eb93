// Api: all that the server answers, path by path.
package dev.gatun.server;

import dev.gatun.server.openai.ChatCompletions;
import dev.gatun.server.openai.Models;

final class Api {
  private Api() {}

  static Routes routes(ServedModel served, Admission admission) {
    Routes routes = new Routes();
    routes.open("/health", new Health(served));
    routes.get("/v1/models", new Models(served));
    routes.post("/v1/chat/completions", new ChatCompletions(served, admission));
    return routes;
  }
}
