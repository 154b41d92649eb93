// Detokenize: POST /detokenize, the text of tokens.
package dev.gatun.server.tokens;

import dev.gatun.Gatun;
import dev.gatun.server.Call;
import dev.gatun.server.Fields;
import dev.gatun.server.Json;
import dev.gatun.server.Route;
import dev.gatun.server.ServedModel;
import java.io.IOException;

/** Special tokens are part of the text; it is told by llama.cpp's name and by vLLM's. */
public final class Detokenize implements Route {
  private final ServedModel served;

  public Detokenize(ServedModel served) {
    this.served = served;
  }

  @Override
  public void answer(Call call) throws IOException {
    Fields fields = Fields.of(call.json());
    Gatun model = served.named(fields.text("model"));
    int[] ids = TokenIds.read(fields.path("tokens"), fields.required("tokens"), model);
    fields.refuseOthers();
    String text = model.dialect().tokenizer().decode(ids, false);
    call.answer(200, Json.object().put("content", text).put("prompt", text));
  }
}
