// GatunTest: the library, with the demo model: answers, streams, stops, cancellations, many
// threads.
package dev.gatun;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.gatun.chat.Answer;
import dev.gatun.chat.AnswerListener;
import dev.gatun.chat.Cancellation;
import dev.gatun.chat.ChatOptions;
import dev.gatun.chat.FinishReason;
import dev.gatun.chat.Message;
import dev.gatun.refusal.Refusal;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

class GatunTest {
  private static final ChatOptions GREEDY = ChatOptions.defaults().withTemperature(0);
  private static final List<Message> SKY = List.of(Message.user("Why is the sky blue?"));

  private static Gatun model;

  @BeforeAll
  static void open() {
    model = Gatun.open(Gatun.DEMO, GatunOptions.defaults().withContext(2048).withParallel(4));
  }

  @AfterAll
  static void close() {
    model.close();
  }

  private static String joined(List<String> pieces) {
    return String.join("", pieces);
  }

  @Test
  void theStreamIsTheAnswer() {
    List<String> pieces = new ArrayList<>();
    Answer answer = model.chat(SKY, GREEDY.withMaxTokens(16), pieces::add);
    assertTrue(answer.text().startsWith("The answer to this question"), answer.text());
    assertEquals(answer.text(), joined(pieces));
    assertTrue(pieces.size() > 4, pieces.toString());
    assertEquals(Message.assistant(answer.text()), answer.message());
    assertEquals("", answer.thinking());
    assertEquals(FinishReason.LIMIT, answer.finish());
  }

  @Test
  void usageCountsWhatWasDone() {
    List<Message> messages = List.of(Message.user("Count: " + "one two three ".repeat(40)));
    Answer first = model.chat(messages, GREEDY.withMaxTokens(3));
    Answer second = model.chat(messages, GREEDY.withMaxTokens(3));
    assertEquals(model.countTokens(messages), first.usage().promptTokens());
    assertEquals(first.usage().promptTokens(), second.usage().promptTokens());
    assertTrue(second.usage().cachedTokens() > first.usage().cachedTokens(), second.toString());
    assertTrue(second.usage().cachedTokens() < second.usage().promptTokens(), second.toString());
    assertEquals(3, second.usage().answerTokens());
    assertEquals(0, second.usage().thinkingTokens());
    assertTrue(second.usage().promptTime().isPositive());
    assertTrue(second.usage().generationTime().isPositive());
    assertEquals(first.text(), second.text());
  }

  @Test
  void aStopStringEndsTheAnswerBeforeIt() {
    String whole = model.chat(SKY, GREEDY.withMaxTokens(16)).text();
    String stop = whole.substring(10, 14);
    List<String> pieces = new ArrayList<>();
    Answer answer =
        model.chat(SKY, GREEDY.withMaxTokens(16).withStops("no such", stop), pieces::add);
    assertEquals(whole.substring(0, whole.indexOf(stop)), answer.text());
    assertEquals(answer.text(), joined(pieces));
    assertEquals(FinishReason.STOP_STRING, answer.finish());
  }

  @Test
  void thinkingIsSplitOff() {
    // The model goes on after what a template would have opened.
    Answer whole = model.complete("<think>", GREEDY.withMaxTokens(8));
    assertEquals("", whole.thinking());
    String template =
        "{% for m in messages %}<|im_start|>{{ m.role }}\n{{ m.content }}<|im_end|>\n{% endfor %}"
            + "<|im_start|>assistant\n<think>\n";
    try (Gatun thinker =
        Gatun.open(
            Gatun.DEMO, GatunOptions.defaults().withContext(256).withChatTemplate(template))) {
      List<String> thoughts = new ArrayList<>();
      Answer answer = thinker.chat(SKY, GREEDY.withMaxTokens(8), thinkingTo(thoughts));
      assertEquals("", answer.text());
      assertEquals(answer.thinking(), joined(thoughts));
      assertFalse(answer.thinking().isBlank());
      assertEquals(8, answer.usage().thinkingTokens());
      assertEquals(0, answer.usage().answerTokens());
      assertTrue(answer.message().content().startsWith("<think>\n" + answer.thinking()));
    }
  }

  private static AnswerListener thinkingTo(List<String> thoughts) {
    return new AnswerListener() {
      @Override
      public void text(String piece) {
        throw new AssertionError(piece);
      }

      @Override
      public void thinking(String piece) {
        thoughts.add(piece);
      }
    };
  }

  @Test
  void aConversationReadsOnlyWhatIsNew() {
    try (Conversation conversation = model.conversation()) {
      conversation.system("You are brief.");
      ChatOptions brief = GREEDY.withMaxTokens(6);
      Answer first = conversation.ask("Name a colour.", brief, AnswerListener.none());
      Answer second = conversation.ask("Another one.", brief, AnswerListener.none());
      assertEquals(5, conversation.messages().size());
      assertEquals(first.message(), conversation.messages().get(2));
      // All but the end of the answer before, the last token of which was never run.
      int before = first.usage().promptTokens() + first.usage().generatedTokens();
      assertEquals(before - 1, second.usage().cachedTokens());
      List<Message> all = conversation.messages().subList(0, 4);
      assertEquals(second.text(), model.chat(all, brief).text());
    }
  }

  @Test
  void aQuestionThatIsRefusedLeavesTheConversationAsItWas() {
    try (Conversation conversation = model.conversation()) {
      String tooLong = "word ".repeat(3000);
      Refusal refusal = assertThrows(Refusal.class, () -> conversation.ask(tooLong));
      assertEquals(Refusal.Reason.USAGE, refusal.reason());
      assertEquals(List.of(), conversation.messages());
    }
  }

  @Test
  void cancellingEndsAnAnswerThatIsUnderWay() {
    Cancellation cancellation = new Cancellation();
    List<String> pieces = new ArrayList<>();
    Answer answer =
        model.chat(
            SKY,
            GREEDY.withIgnoredEnd(true).withCancellation(cancellation),
            piece -> {
              pieces.add(piece);
              if (pieces.size() == 3) {
                cancellation.cancel();
              }
            });
    assertEquals(FinishReason.CANCELLED, answer.finish());
    assertEquals(3, pieces.size());
    assertEquals(joined(pieces), answer.text());
    Answer late = model.chat(SKY, GREEDY.withCancellation(cancellation));
    assertEquals(FinishReason.CANCELLED, late.finish());
    assertEquals("", late.text());
  }

  @Test
  void interruptingItsThreadEndsAnAnswer() {
    Answer answer =
        model.chat(SKY, GREEDY.withIgnoredEnd(true), piece -> Thread.currentThread().interrupt());
    assertTrue(Thread.interrupted());
    assertEquals(FinishReason.CANCELLED, answer.finish());
  }

  @Test
  void whatAListenerThrowsComesOut() {
    IllegalStateException thrown =
        assertThrows(
            IllegalStateException.class,
            () ->
                model.chat(
                    SKY,
                    GREEDY,
                    piece -> {
                      throw new IllegalStateException("enough");
                    }));
    assertEquals("enough", thrown.getMessage());
    assertEquals(FinishReason.LIMIT, model.chat(SKY, GREEDY.withMaxTokens(2)).finish());
  }

  @Test
  void hundredsOfThreadsEachGetTheirOwnAnswer() throws Exception {
    List<ChatOptions> lively =
        IntStream.range(0, 8)
            .mapToObj(
                seed -> ChatOptions.defaults().withTemperature(1).withSeed(seed).withMaxTokens(2))
            .toList();
    List<Answer> alone = lively.stream().map(options -> model.chat(SKY, options)).toList();
    assertTrue(alone.stream().map(Answer::text).distinct().count() > 1);
    try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
      List<Future<Answer>> together =
          IntStream.range(0, 400)
              .mapToObj(i -> threads.submit(() -> model.chat(SKY, lively.get(i % 8))))
              .toList();
      for (int i = 0; i < together.size(); i++) {
        assertEquals(alone.get(i % 8).text(), together.get(i).get().text());
      }
    }
  }

  @Test
  void anAnswerThatWaitsForOthersCanBeCancelled() throws Exception {
    Cancellation all = new Cancellation();
    ChatOptions endless = GREEDY.withIgnoredEnd(true).withCancellation(all);
    try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
      List<Future<Answer>> answers =
          IntStream.range(0, 64)
              .mapToObj(_ -> threads.submit(() -> model.chat(SKY, endless, _ -> all.cancel())))
              .toList();
      for (Future<Answer> answer : answers) {
        assertEquals(FinishReason.CANCELLED, answer.get().finish());
      }
    }
  }

  @Test
  void whatCannotBeHonouredIsRefused() {
    refused(() -> GREEDY.withMaxTokens(0), "give -1 for no limit");
    refused(() -> GREEDY.withStops(""), "empty stop string");
    refused(() -> GREEDY.withVariables(Map.of("messages", List.of())), "messages is set");
    refused(() -> model.complete("a", GREEDY.withVariables(Map.of("x", true))), "has no template");
    refused(
        () -> model.chat(SKY, GREEDY.withSampling(s -> s.withTopP(7))),
        "top-p 7.0 is out of range");
    refused(
        () ->
            model.chat(
                SKY, GREEDY.withSampling(s -> s.withRepeatPenalty(1.1).withSamplers(List.of()))),
        "repeat");
    refused(() -> GatunOptions.defaults().withDevice("tpu"), "no device 'tpu'");
    refused(() -> GatunOptions.defaults().withParallel(0), "0 sequences");
    refused(() -> Gatun.open("no/such/file.gguf"), "no model at 'no/such/file.gguf'");
    refused(() -> Gatun.open("hf:nothing"), "does not name a repository");
  }

  private static void refused(org.junit.jupiter.api.function.Executable call, String part) {
    Refusal refusal = assertThrows(Refusal.class, call);
    assertEquals(Refusal.Reason.USAGE, refusal.reason());
    assertTrue(refusal.getMessage().contains(part), refusal.getMessage());
  }

  @Test
  void aClosedModelAnswersNothing() {
    Gatun closed = Gatun.open(Gatun.DEMO, GatunOptions.defaults().withContext(256));
    IllegalStateException meanwhile =
        assertThrows(
            IllegalStateException.class,
            () -> closed.chat(SKY, GREEDY.withIgnoredEnd(true), piece -> closed.close()));
    closed.close();
    assertTrue(meanwhile.getMessage().contains("closed"), meanwhile.getMessage());
    assertThrows(IllegalStateException.class, () -> closed.chat("hello"));
  }
}
