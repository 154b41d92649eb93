// LogProbsOfTextTest: log-probabilities through the library, with the demo model.
package dev.gatun;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.gatun.chat.Answer;
import dev.gatun.chat.AnswerListener;
import dev.gatun.chat.Cancellation;
import dev.gatun.chat.ChatOptions;
import dev.gatun.chat.FinishReason;
import dev.gatun.chat.Message;
import dev.gatun.chat.ScoredAnswer;
import dev.gatun.chat.TokenLogProb;
import dev.gatun.refusal.Refusal;
import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;

class LogProbsOfTextTest {
  private static final ChatOptions GREEDY = ChatOptions.defaults().withTemperature(0);
  private static final List<Message> SKY = List.of(Message.user("Why is the sky blue?"));

  private static final String TEXT = "The capital of France is the city of Paris. It lies on the";
  private static final ChatOptions ONE_TOKEN = GREEDY.withMaxTokens(1).withTopLogProbs(2);

  private static Gatun model;

  @BeforeAll
  static void open() {
    GatunOptions options = GatunOptions.defaults().withContext(512).withParallel(2);
    model = Gatun.open(Gatun.DEMO, options.withScoredTokens(16));
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

  @Test
  void aTextsTokensAreScored() {
    int[] ids = model.tokens(TEXT);
    List<TokenLogProb> scores = model.score(ids, 2, Cancellation.never());
    // Token by token: what an answer to the text before it finds likeliest.
    assertEquals(ids.length - 1, scores.size());
    for (int i = 1; i < ids.length; i++) {
      int[] before = Arrays.copyOf(ids, i);
      Answer next = model.complete(before, ONE_TOKEN, AnswerListener.none());
      TokenLogProb score = scores.get(i - 1);
      assertEquals(ids[i], score.id());
      assertEquals(next.logProbs().getFirst().top(), score.top());
      assertTrue(score.logProb() <= score.top().getFirst().logProb());
    }
    assertTrue(TEXT.endsWith(bytesOf(scores)), bytesOf(scores));
  }

  @Test
  void aScoredTextIsContinuedAsAnother() {
    int[] ids = model.tokens(TEXT);
    ChatOptions options = GREEDY.withMaxTokens(5).withTopLogProbs(1);
    List<String> pieces = new ArrayList<>();
    Answer plain = model.complete(TEXT, options, AnswerListener.none());
    assertEquals(plain.text(), model.complete(ids, options, AnswerListener.none()).text());
    ScoredAnswer scored = model.completeScored(ids, options, pieces::add);
    assertEquals(plain.text(), scored.answer().text());
    assertEquals(plain.text(), String.join("", pieces));
    assertEquals(plain.logProbs(), scored.answer().logProbs());
    assertEquals(model.score(ids, 1, Cancellation.never()), scored.prompt());
    assertEquals(ids.length, scored.answer().usage().promptTokens());
    assertEquals(0, scored.answer().usage().cachedTokens());
    assertEquals(5, scored.answer().usage().answerTokens());
    // Where nobody says how many, the tokens' own are told.
    ScoredAnswer bare = model.completeScored(ids, GREEDY.withMaxTokens(1), AnswerListener.none());
    assertEquals(ids.length - 1, bare.prompt().size());
    assertEquals(List.of(), bare.prompt().getFirst().top());
    assertEquals(1, bare.answer().logProbs().size());
  }

  @Test
  void stepsOfOtherSizesScoreTheSame() {
    int[] ids = model.tokens(TEXT);
    List<TokenLogProb> scores = model.score(ids, 1, Cancellation.never());
    try (Gatun single = Gatun.open(Gatun.DEMO, GatunOptions.defaults().withContext(64))) {
      assertEquals(scores, single.score(ids, 1, Cancellation.never()));
    }
    assertEquals(List.of(), model.score(new int[] {5}, 1, Cancellation.never()));
  }

  @Test
  void aCancelledTextIsNotScored() {
    int[] ids = model.tokens(TEXT);
    Cancellation cancelled = new Cancellation();
    cancelled.cancel();
    Refusal refusal = assertThrows(Refusal.class, () -> model.score(ids, 1, cancelled));
    assertEquals(Refusal.Reason.INTERRUPTED, refusal.reason());
    ScoredAnswer answer =
        model.completeScored(ids, GREEDY.withCancellation(cancelled), AnswerListener.none());
    assertEquals(FinishReason.CANCELLED, answer.answer().finish());
    assertEquals(List.of(), answer.prompt());
  }

  @Test
  void whatCannotBeScoredIsRefused() {
    AnswerListener none = AnswerListener.none();
    refused(() -> model.score(new int[0], 0, Cancellation.never()), "no tokens");
    refused(() -> model.score(new int[] {1, -1}, 0, Cancellation.never()), "token -1 is outside");
    refused(() -> model.complete(new int[] {1 << 20}, GREEDY, none), "token 1048576 is outside");
    refused(() -> model.completeScored(new int[] {1 << 20}, GREEDY, none), "is outside");
    refused(() -> model.score(new int[] {1}, 21, Cancellation.never()), "21 log-probabilities");
    refused(() -> model.score(new int[] {1}, -1, Cancellation.never()), "-1 log-probabilities");
    refused(() -> model.score(new int[600], 0, Cancellation.never()), "the context holds");
    refused(
        () -> model.completeScored(new int[] {1}, GREEDY.withVariables(Map.of("x", 1)), none),
        "has no template");
    refused(() -> GatunOptions.defaults().withScoredTokens(0), "rows of logits");
  }

  private static void refused(Executable call, String part) {
    Refusal refusal = assertThrows(Refusal.class, call);
    assertEquals(Refusal.Reason.USAGE, refusal.reason());
    assertTrue(refusal.getMessage().contains(part), refusal.getMessage());
  }
}
