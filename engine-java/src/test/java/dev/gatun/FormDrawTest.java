// FormDrawTest: an answer in a form is one text whether the host or the device draws it.
package dev.gatun;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.gatun.chat.ChatOptions;
import dev.gatun.chat.Message;
import dev.gatun.chat.OutputFormat;
import dev.gatun.chat.OutputFormat.Gbnf;
import dev.gatun.chat.OutputFormat.JsonObject;
import dev.gatun.chat.OutputFormat.JsonSchema;
import dev.gatun.chat.OutputFormat.Regex;
import dev.gatun.chat.OutputFormat.Text;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;

class FormDrawTest {
  private static final List<OutputFormat> FORMS =
      List.of(
          new JsonObject(),
          new JsonSchema(
              """
              {"type": "object",
               "properties": {"name": {"type": "string"}, "age": {"type": "integer"}},
               "required": ["name", "age"], "additionalProperties": false}
              """),
          new Regex("(rain|sun|[a-z]{3,20} snow), -?[0-9]{1,2} degrees"),
          new Gbnf("root ::= \"- \" [^\\n]+ (\"\\n- \" [^\\n]+)*"),
          new Text());

  private static String answer(Gatun model, OutputFormat form, long seed) {
    ChatOptions options =
        ChatOptions.defaults()
            .withTemperature(1.2)
            .withSeed(seed)
            .withMaxTokens(24)
            .withFormat(form);
    return model.chat(List.of(Message.user("Tell me of the weather.")), options).text();
  }

  private static List<CompletableFuture<String>> answers(Gatun model) {
    List<CompletableFuture<String>> all = new ArrayList<>();
    for (OutputFormat form : FORMS) {
      for (long seed = 1; seed < 3; seed++) {
        long key = seed;
        all.add(CompletableFuture.supplyAsync(() -> answer(model, form, key)));
      }
    }
    return all;
  }

  /** One at a time is drawn by the host of a CPU, several at once by the device. */
  @Test
  void theTextIsTheSame() {
    GatunOptions options = GatunOptions.defaults().withContext(512);
    try (Gatun alone = Gatun.open(Gatun.DEMO, options);
        Gatun together = Gatun.open(Gatun.DEMO, options.withContext(2048).withParallel(4))) {
      List<String> expected = answers(alone).stream().map(CompletableFuture::join).toList();
      List<String> drawn = answers(together).stream().map(CompletableFuture::join).toList();
      assertEquals(expected, drawn);
    }
  }
}
