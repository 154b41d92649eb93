// TokenizerInfo: GET /tokenizer_info, what a client needs to write prompts by itself.
package dev.gatun.server.tokens;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.gatun.Gatun;
import dev.gatun.dialogue.Dialect;
import dev.gatun.server.Call;
import dev.gatun.server.Json;
import dev.gatun.server.Route;
import dev.gatun.server.ServedModel;
import dev.gatun.text.ChatTemplate;
import dev.gatun.text.Tokenizer;
import java.io.IOException;

/** Names are those of {@code tokenizer_config.json}; a token that the model has not is null. */
public final class TokenizerInfo implements Route {
  private final ServedModel served;

  public TokenizerInfo(ServedModel served) {
    this.served = served;
  }

  @Override
  public void answer(Call call) throws IOException {
    Gatun model = served.model();
    Dialect dialect = model.dialect();
    Tokenizer tokenizer = dialect.tokenizer();
    ObjectNode body =
        Json.object()
            .put("bos_token", tokenizer.bos().isPresent() ? tokenizer.bosToken() : null)
            .put("eos_token", tokenizer.eos().isPresent() ? tokenizer.eosToken() : null)
            .put("add_bos_token", tokenizer.addsBos())
            .put("vocab_size", tokenizer.vocabSize())
            .put("model_max_length", model.context())
            .put("chat_template", dialect.template().map(ChatTemplate::source).orElse(null));
    call.answer(200, body);
  }
}
