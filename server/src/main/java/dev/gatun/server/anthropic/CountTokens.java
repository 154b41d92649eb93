// CountTokens: POST /v1/messages/count_tokens, how long a prompt is.
package dev.gatun.server.anthropic;

import dev.gatun.Gatun;
import dev.gatun.server.Call;
import dev.gatun.server.Fields;
import dev.gatun.server.Json;
import dev.gatun.server.Route;
import dev.gatun.server.ServedModel;
import java.io.IOException;

public final class CountTokens implements Route {
  private final ServedModel served;

  public CountTokens(ServedModel served) {
    this.served = served;
  }

  @Override
  public void answer(Call call) throws IOException {
    Fields fields = Fields.of(call.json());
    Gatun model = served.named(fields.text("model"));
    Conversation conversation = Conversation.read(fields);
    fields.refuseOthers();
    int tokens = model.prompt(conversation.messages(), conversation.options()).ids().length;
    call.answer(200, Json.object().put("input_tokens", tokens));
  }
}
