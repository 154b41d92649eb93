// An answer of 40,000 tokens: each block is built once, what is done stays untouched, and the page
// answers meanwhile.
package dev.gatun.server.page;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.Test;

class LongAnswerTest extends PageTest {
  private static final int TOKENS = 40_000;

  private static final String AT_END = "main.scrollHeight - main.clientHeight - main.scrollTop < 2";

  // Counts the elements that were taken away, and the frames that came late.
  private static final String WATCH =
      """
      window.watched = { removed: 0, frames: 0, late: 0, longest: 0 };
      new MutationObserver((records) => {
        for (const { target, removedNodes } of records) {
          if (target.matches('.assistant > .markdown')) watched.removed += removedNodes.length;
        }
      }).observe(document.getElementById('messages'), { childList: true, subtree: true });
      let last = performance.now();
      (function frame() {
        const now = performance.now();
        watched.frames++;
        watched.longest = Math.max(watched.longest, now - last);
        if (now - last > 100) watched.late++;
        last = now;
        requestAnimationFrame(frame);
      })();
      """;

  /** Paragraphs, formulas, lists, a table and code, over and over, in pieces of about a token. */
  static List<String> tokens() {
    String section = MarkdownTest.resource("answer.md");
    var text = new StringBuilder();
    while (text.length() < 4 * TOKENS) {
      text.append(section).append('\n');
    }
    return List.of(text.substring(0, 4 * TOKENS).split("(?s)(?<=\\G.{4})"));
  }

  @Test
  void blocksThatAreDoneStayAsTheyAre() {
    List<String> tokens = tokens();
    var middle = new CountDownLatch(1);
    browser.script(WATCH);
    server.stream(
        out -> {
          for (int i = 0; i < tokens.size(); i++) {
            out.text(tokens.get(i));
            if (i == tokens.size() / 2) {
              out.await(middle);
            }
          }
          out.end("stop");
        });
    long began = System.nanoTime();
    browser.send("Long");
    browser.await(
        () -> browser.isTrue("document.querySelectorAll('.assistant .formula').length > 100"),
        "the first half");
    browser.script(
        "window.early = [...document.querySelectorAll('.assistant > .markdown > *')].slice(0,"
            + " 100)");
    middle.countDown();
    browser.awaitAnswer(2);
    assertEquals(
        true,
        browser.script(
            "return early.every((node, i) => node === document.querySelectorAll('.assistant >"
                + " .markdown > *')[i])"));
    assertEquals(0L, browser.script("return watched.removed"));
    assertTrue(browser.isTrue("document.querySelectorAll('.assistant .code').length > 200"));
    browser.await(() -> browser.isTrue(AT_END), "the end to be in view");
    System.out.printf(
        java.util.Locale.ROOT,
        "%d tokens in %.1f s: %s%n",
        tokens.size(),
        (System.nanoTime() - began) / 1e9,
        browser.script("return JSON.stringify(watched)"));
  }

  @Test
  void whoReadsAboveTheEndIsLeftThere() {
    var gate = new CountDownLatch(1);
    String[] lines = "line of text\n\n".repeat(100).splitWithDelimiters("\n\n", 0);
    server.stream(out -> out.text(lines).await(gate).text(lines).end("stop"));
    browser.send("Long");
    browser.await(() -> browser.isTrue("main.scrollHeight > 3000"), "the first half");
    browser.script("main.scrollTop = 500");
    browser.await(() -> browser.find("#to-end").isDisplayed(), "the button");
    browser.script(
        "window.read = document.elementFromPoint(700, 300); window.at ="
            + " read.getBoundingClientRect().top");
    gate.countDown();
    browser.awaitAnswer(2);
    assertEquals("line of text", browser.script("return read.textContent"));
    assertTrue(
        browser.isTrue("Math.abs(read.getBoundingClientRect().top - at) < 2"),
        "what is read stays where it is");
    browser.click("#to-end");
    browser.await(() -> browser.isTrue(AT_END), "the end");
  }
}
