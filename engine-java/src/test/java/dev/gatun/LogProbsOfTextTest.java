// LogProbsOfTextTest: log-probabilities through the library, with the demo model.
package dev.gatun;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.gatun.chat.Answer;
import dev.gatun.chat.AnswerListener;
import dev.gatun.chat.ChatOptions;
import dev.gatun.chat.Message;
import dev.gatun.chat.TokenLogProb;
import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

class LogProbsOfTextTest {
  private static final ChatOptions GREEDY = ChatOptions.defaults().withTemperature(0);
  private static final List<Message> SKY = List.of(Message.user("Why is the sky blue?"));

  private static Gatun model;

  @BeforeAll
  static void open() {
    model = Gatun.open(Gatun.DEMO, GatunOptions.defaults().withContext(512).withParallel(2));
  }

  @AfterAll
  static void close() {
    model.close();
  }

  @Test
  void logProbsAreToldTokenByTokenBeforeTheText() {
    List<TokenLogProb> told = new ArrayList<>();
    StringBuilder heard = new StringBuilder();
    AnswerListener listener =
        new AnswerListener() {
          @Override
          public void text(String piece) {
            heard.append(piece);
            assertEquals(bytesOf(told), heard.toString());
          }

          @Override
          public void token(TokenLogProb token) {
            told.add(token);
          }
        };
    Answer answer = model.chat(SKY, GREEDY.withMaxTokens(12).withTopLogProbs(2), listener);
    assertEquals(12, answer.logProbs().size());
    assertEquals(told, answer.logProbs());
    assertEquals(answer.text(), bytesOf(told));
    for (TokenLogProb each : told) {
      assertEquals(2, each.top().size());
      // Greedy: the likeliest, and to the bit.
      assertEquals(each.id(), each.top().getFirst().id());
      assertEquals(each.logProb(), each.top().getFirst().logProb());
      assertTrue(each.top().get(1).logProb() <= each.logProb());
    }
    assertEquals(List.of(), model.chat(SKY, GREEDY.withMaxTokens(2)).logProbs());
  }

  private static String bytesOf(List<TokenLogProb> tokens) {
    ByteArrayOutputStream all = new ByteArrayOutputStream();
    tokens.forEach(token -> all.writeBytes(token.bytes()));
    return all.toString(StandardCharsets.UTF_8);
  }
}
