// Tokenize: POST /tokenize, the tokens of a text.
package dev.gatun.server.tokens;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.gatun.Gatun;
import dev.gatun.dialogue.Dialect;
import dev.gatun.server.ApiError;
import dev.gatun.server.Call;
import dev.gatun.server.Fields;
import dev.gatun.server.Json;
import dev.gatun.server.Route;
import dev.gatun.server.ServedModel;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.Optional;

/**
 * Takes llama.cpp's names (content, add_special, which is off) and vLLM's (prompt,
 * add_special_tokens, which is on).
 */
public final class Tokenize implements Route {
  private final ServedModel served;

  public Tokenize(ServedModel served) {
    this.served = served;
  }

  @Override
  public void answer(Call call) throws IOException {
    Fields fields = Fields.of(call.json());
    Gatun model = served.named(fields.text("model"));
    Optional<String> content = fields.text("content");
    Optional<String> prompt = fields.text("prompt");
    Optional<Boolean> special = fields.flag("add_special");
    Optional<Boolean> specialTokens = fields.flag("add_special_tokens");
    boolean parses = fields.flag("parse_special").orElse(true);
    boolean pieces = fields.flag("with_pieces").orElse(false);
    fields.refuseOthers();
    if (content.isPresent() == prompt.isPresent()) {
      throw ApiError.invalid("content", "send the text as content or as prompt");
    }
    if (special.isPresent() && specialTokens.isPresent()) {
      throw ApiError.invalid("add_special", "send add_special or add_special_tokens");
    }
    boolean first = special.or(() -> specialTokens).orElse(prompt.isPresent());
    String text = content.or(() -> prompt).orElseThrow();
    Dialect dialect = model.dialect();
    int[] ids = first ? dialect.encodeText(text, parses) : dialect.tokenizer().encode(text, parses);
    ObjectNode body = Json.object();
    ArrayNode tokens = body.putArray("tokens");
    for (int id : ids) {
      if (pieces) {
        tokens.add(piece(id, dialect.tokenizer().bytes(id)));
      } else {
        tokens.add(id);
      }
    }
    body.put("count", ids.length).put("max_model_len", model.context());
    call.answer(200, body);
  }

  /** The bytes of a token as text, or as numbers where they are no whole characters. */
  private static ObjectNode piece(int id, byte[] bytes) {
    ObjectNode token = Json.object().put("id", id);
    try {
      String text = StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(bytes)).toString();
      return token.put("piece", text);
    } catch (CharacterCodingException e) {
      ArrayNode numbers = token.putArray("piece");
      for (byte each : bytes) {
        numbers.add(each & 0xff);
      }
      return token;
    }
  }
}
