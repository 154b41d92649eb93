// Health: whether the server can answer.
package dev.gatun.server;

import java.io.IOException;

/** 200 with status ok, or 503 with how far the load is. */
final class Health implements Route {
  private final ServedModel served;

  Health(ServedModel served) {
    this.served = served;
  }

  @Override
  public void answer(Call call) throws IOException {
    served.model();
    call.answer(200, Json.object().put("status", "ok"));
  }
}
