// Chats on the page: types, thinks, stops, regenerates, edits, deletes, copies.
package dev.gatun.server.page;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.Test;
import org.openqa.selenium.Keys;

class ChatTest extends PageTest {
  @Test
  void anAnswerStreamsInAndItsFiguresAreShown() {
    var gate = new CountDownLatch(1);
    server.stream(out -> out.text("Four", " is the").await(gate).text(" answer.").end("stop"));
    browser.send("What is 2 + 2?");
    browser.await(
        () -> browser.text(".assistant .markdown").contains("Four is the"), "the first words");
    assertEquals("true", browser.find(".assistant").getDomAttribute("aria-busy"));
    assertEquals("Stop", browser.find("#send").getDomAttribute("aria-label"));
    gate.countDown();
    browser.awaitAnswer(2);
    assertTrue(browser.text(".assistant .markdown").contains("Four is the answer."));
    String stats = browser.find(".stats").getText();
    assertTrue(stats.contains("31.2 tokens/s"), stats);
    assertTrue(stats.contains("512 tokens, 300 of thinking"), stats);
    assertTrue(stats.contains("prompt 1,024, 900 cached"), stats);
    assertTrue(
        browser
            .find("#memory")
            .getText()
            .contains("1,536 of 40,960 tokens · cache 1.2 of 5.1 GiB"));
    assertEquals("QwQ-32B-AWQ", server.requests.getFirst().get("model").asText());
    assertTrue(server.requests.getFirst().at("/stream_options/include_usage").asBoolean());
  }

  @Test
  void thinkingIsOpenWhileItLastsThenFoldedAndIsNotSentBack() {
    var gate = new CountDownLatch(1);
    server.stream(out -> out.thinking("Let me see: ", "2 + 2.").await(gate).text("4").end("stop"));
    browser.send("2 + 2?");
    browser.await(
        () -> browser.text(".thinking .markdown").contains("Let me see: 2 + 2."), "thinking");
    assertTrue(browser.find(".thinking").getDomAttribute("open") != null);
    assertTrue(browser.text(".thinking summary").matches("Thinking, \\d+\\.\\d s"));
    gate.countDown();
    browser.awaitAnswer(2);
    assertNull(browser.find(".thinking").getDomAttribute("open"));
    assertTrue(browser.text(".thinking summary").matches("Thought for \\d+\\.\\d s"));
    browser.click(".thinking summary");
    assertTrue(browser.find(".thinking .markdown").isDisplayed());
    server.thenText("6");
    browser.ask("And 3 + 3?");
    var messages = server.requests.getLast().get("messages");
    assertEquals(3, messages.size());
    assertEquals("{\"role\":\"assistant\",\"content\":\"4\"}", messages.get(1).toString());
  }

  @Test
  void escapeStopsAndWhatHadComeStays() throws Exception {
    var left = new CountDownLatch(1);
    server.stream(out -> out.text("One, two").untilLeft(left));
    browser.send("Count");
    browser.await(
        () -> browser.text(".assistant .markdown").contains("One, two"), "the first words");
    browser.press(Keys.ESCAPE);
    browser.awaitAnswer(2);
    assertEquals("Stopped.", browser.find(".ended").getText());
    assertTrue(browser.text(".assistant .markdown").contains("One, two"));
    assertTrue(
        left.await(30, java.util.concurrent.TimeUnit.SECONDS),
        "the server does not see that the page left");
    assertEquals("Send", browser.find("#send").getDomAttribute("aria-label"));
  }

  @Test
  void theButtonStopsToo() {
    var left = new CountDownLatch(1);
    server.stream(out -> out.text("One").untilLeft(left));
    browser.send("Count");
    browser.await(() -> browser.text(".assistant .markdown").contains("One"), "the first word");
    browser.click("#send");
    browser.awaitAnswer(2);
    assertEquals("Stopped.", browser.find(".ended").getText());
  }

  @Test
  void anotherAnswerIsABranchAndBothAreKept() {
    server.thenText("Red").thenText("Blue");
    browser.ask("A colour?");
    browser.click(".assistant [aria-label='Answer again']");
    browser.await(() -> browser.text(".assistant .markdown").contains("Blue"), "another answer");
    browser.awaitAnswer(2);
    assertEquals(server.requests.get(0).get("messages"), server.requests.get(1).get("messages"));
    assertEquals("2 / 2", browser.find(".branches > span").getText());
    browser.click("[aria-label='Earlier version']");
    browser.await(() -> browser.text(".assistant .markdown").contains("Red"), "the first answer");
    assertEquals("1 / 2", browser.find(".branches > span").getText());
  }

  @Test
  void anEditedMessageIsABranchThatIsAnswered() {
    server.thenText("Paris").thenText("Rome");
    browser.ask("Capital of France?");
    browser.click(".user [aria-label='Edit']");
    browser.press(Keys.chord(Keys.CONTROL, "a"), "Capital of Italy?", Keys.ENTER);
    browser.await(() -> browser.text(".assistant .markdown").contains("Rome"), "the new answer");
    browser.awaitAnswer(2);
    assertEquals("Capital of Italy?", server.requests.getLast().at("/messages/0/content").asText());
    assertEquals(1, server.requests.getLast().get("messages").size());
    browser.click(".user [aria-label='Earlier version']");
    browser.await(() -> browser.text(".assistant .markdown").contains("Paris"), "the first answer");
  }

  @Test
  void anEditCanBeLeft() {
    server.thenText("Paris");
    browser.ask("Capital of France?");
    browser.press(Keys.ARROW_UP);
    browser.press("nonsense", Keys.ESCAPE);
    assertEquals("Capital of France?", browser.find(".user .bubble").getText());
    assertEquals("Edit", browser.driver.switchTo().activeElement().getDomAttribute("aria-label"));
    assertEquals(1, server.requests.size());
  }

  @Test
  void aDeletedMessageTakesWhatFollowsAndComesBack() {
    server.thenText("One").thenText("Two");
    browser.ask("First");
    browser.ask("Second");
    browser.all(".user [aria-label^='Delete']").getLast().click();
    browser.await(() -> browser.all(".message").size() == 2, "two messages to go");
    browser.click(".toast .link");
    browser.await(() -> browser.all(".message").size() == 4, "two messages to come back");
    assertTrue(browser.text(".assistant .markdown").contains("Two"));
  }

  @Test
  void shiftEnterBreaksTheLineAndAnswersAreCopiedAsMarkdown() {
    browser.driver.executeCdpCommand(
        "Browser.grantPermissions",
        java.util.Map.of("permissions", java.util.List.of("clipboardReadWrite")));
    server.thenText("**bold** $x$");
    browser.find("#input").sendKeys("a", Keys.chord(Keys.SHIFT, Keys.ENTER), "b", Keys.ENTER);
    browser.awaitAnswer(2);
    assertEquals("a\nb", server.requests.getFirst().at("/messages/0/content").asText());
    browser.click(".assistant [aria-label='Copy']");
    browser.await(() -> browser.text("#spoken").equals("Copied"), "the copy");
    assertEquals("**bold** $x$", browser.script("return navigator.clipboard.readText()"));
  }

  @Test
  void aConversationAnswersOnWhileAnotherIsShown() {
    var gate = new CountDownLatch(1);
    server.stream(out -> out.text("Slow").await(gate).text(" but sure").end("stop"));
    browser.send("A long one");
    browser.await(() -> browser.text(".assistant .markdown").contains("Slow"), "the first word");
    browser.click("#new-chat");
    assertFalse(browser.has(".message"));
    assertEquals("Send", browser.find("#send").getDomAttribute("aria-label"));
    gate.countDown();
    browser.await(
        () -> browser.has("#conversations a") && !browser.has(".runs"), "the answer's end");
    browser.click("#conversations a");
    browser.await(
        () -> browser.text(".assistant .markdown").contains("Slow but sure"), "the whole answer");
  }

  @Test
  void anAnswerAtItsLimitSaysSo() {
    server.stream(out -> out.text("Once upon a").end("length"));
    browser.ask("A story");
    assertTrue(browser.find(".ended").getText().startsWith("Ended at the most tokens set"));
  }
}
