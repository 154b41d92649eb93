// Health: whether the server can answer.
package dev.gatun.server;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;

/** 200 with status ok, or 503 with the reason, and how far the load is, 0 to 1. */
final class Health implements Route {
  private final ServedModel served;

  Health(ServedModel served) {
    this.served = served;
  }

  @Override
  public void answer(Call call) throws IOException {
    try {
      served.model();
    } catch (ApiError error) {
      ObjectNode told = error.json();
      told.put("progress", served.progress());
      call.set("Retry-After", "1");
      call.answer(error.status(), told);
      return;
    }
    call.answer(200, Json.object().put("status", "ok"));
  }
}
