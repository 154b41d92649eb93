// The page for everyone: by keyboard, for screen readers, on a phone's width, dark, without motion.
package dev.gatun.server.page;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.openqa.selenium.Keys;

class AccessTest extends PageTest {
  private static final String AXE = axe();

  private static String axe() {
    try (var in = AccessTest.class.getResourceAsStream("/axe.min.js")) {
      return new String(in.readAllBytes(), StandardCharsets.UTF_8);
    } catch (IOException e) {
      throw new java.io.UncheckedIOException(e);
    }
  }

  /**
   * What axe-core finds, of any impact. Two rules are off: which headings an answer has is the
   * model's choice, and a cell whose formula is MathML counts as empty.
   */
  private void isAccessible(String where) {
    browser.script(AXE);
    var found =
        browser.script(
            """
            return axe.run(document, { resultTypes: ['violations'], rules: { 'heading-order': { enabled: false }, 'empty-table-header': { enabled: false } } }).then(({ violations }) =>
              violations.map(({ id, impact, nodes }) => `${impact} ${id}: ${nodes.map((node) => node.html.slice(0, 120)).join(' | ')}`));
            """);
    assertEquals(List.of(), found, where);
  }

  private void fullConversation() {
    server.stream(
            out ->
                out.thinking("First $x$.")
                    .text(MarkdownTest.resource("answer.md"))
                    .call(0, "weather", "{\"a\":1}")
                    .end("tool_calls"))
        .reply(MockServer.error(429, "x", "The queue is full"));
    browser.ask("Everything");
    browser.ask("More");
    browser.click(".thinking summary");
  }

  @ParameterizedTest
  @CsvSource({"1280, light", "1280, dark", "390, light", "390, dark"})
  void axeFindsNothing(int width, String theme) {
    browser.device(width, 844, theme, true);
    isAccessible("empty");
    fullConversation();
    isAccessible("a conversation");
    browser.click("#open-settings");
    isAccessible("settings");
    browser.press(Keys.ESCAPE);
    browser.press(Keys.TAB); // out of the box, where a question mark is text
    browser.script("document.getElementById('main').focus()");
    browser.press("?");
    browser.await(() -> browser.has("#keys[open]"), "the keys");
    isAccessible("keys");
  }

  @ParameterizedTest
  @CsvSource({"320", "390", "768", "1280"})
  void nothingIsWiderThanTheWindow(int width) {
    browser.device(width, 844, "light", true);
    fullConversation();
    server.thenText(
        "x".repeat(500)
            + " `"
            + "y".repeat(500)
            + "` $$"
            + "z + ".repeat(200)
            + "1$$ https://example.org/"
            + "a".repeat(300));
    browser.ask("w".repeat(300));
    browser.click("#open-settings");
    var wide =
        """
        return [...document.querySelectorAll('html, body, header, main, .message, #composer, #settings')]
          .filter((node) => node.scrollWidth > node.clientWidth + 1 || node.getBoundingClientRect().right > innerWidth + 1)
          .map((node) => node.outerHTML.slice(0, 80));
        """;
    assertEquals(List.of(), browser.script(wide));
  }

  @Test
  void theWholePageWorksByKeyboard() {
    server.thenText("One").thenText("Two");
    browser.press("Hello", Keys.ENTER);
    browser.awaitAnswer(2);
    browser.press(Keys.chord(Keys.SHIFT, Keys.TAB));
    assertEquals("Delete with all that follows", focused("aria-label"));
    browser.press(Keys.chord(Keys.SHIFT, Keys.TAB), Keys.ENTER); // answer again
    browser.await(() -> browser.text(".assistant .markdown").contains("Two"), "another answer");
    browser.awaitAnswer(2);
    assertEquals("input", focused("id"));
    browser.press(Keys.chord(Keys.CONTROL, ","));
    assertTrue(browser.has("#settings[open]"));
    browser.press(Keys.ESCAPE);
    assertEquals("input", focused("id"));
    browser.press(Keys.chord(Keys.CONTROL, Keys.SHIFT, "o"));
    browser.await(() -> !browser.has(".message"), "a new conversation");
    browser.press(Keys.chord(Keys.CONTROL, "k"));
    assertEquals("search", focused("id"));
    browser.press(Keys.TAB, Keys.ENTER); // the first of the list
    browser.await(() -> browser.has(".message"), "the conversation");
    assertEquals("input", focused("id"));
  }

  private String focused(String attribute) {
    return browser.driver.switchTo().activeElement().getDomAttribute(attribute);
  }

  @Test
  void theSkipLinkComesFirst() {
    assertEquals(
        "skip",
        browser.script(
            "return document.querySelector('a[href], button, input, textarea').className"));
    browser.script("document.querySelector('.skip').focus()");
    browser.press(Keys.ENTER);
    assertEquals("input", focused("id"));
  }

  /**
   * Screen readers hear that an answer begins and ends, not each of its words; focus stays in the
   * box.
   */
  @Test
  void anAnswerIsAnnouncedOnceAndFocusStays() {
    browser.script(
        "window.said = []; new MutationObserver(() =>"
            + " said.push(document.getElementById('spoken').textContent)).observe(document.getElementById('spoken'),"
            + " { childList: true })");
    var gate = new CountDownLatch(1);
    server.stream(out -> out.thinking("a", "b", "c").await(gate).text("d", "e", "f").end("stop"));
    browser.send("Hello");
    browser.await(() -> browser.text(".thinking .markdown").contains("abc"), "thinking");
    assertEquals("input", focused("id"));
    gate.countDown();
    browser.awaitAnswer(2);
    assertEquals(
        List.of("The answer begins", "The answer is complete"), browser.script("return said"));
    assertEquals("input", focused("id"));
    assertEquals(
        0L,
        browser.script(
            "return document.querySelectorAll('#messages [aria-live], main[aria-live]').length"));
  }

  @Test
  void theListIsADrawerOnAPhone() {
    browser.device(390, 844, "light", true);
    assertFalse(browser.find("#search").isDisplayed());
    browser.click("#open-sidebar");
    browser.await(() -> browser.find("#search").isDisplayed(), "the drawer");
    assertEquals("true", browser.find("#open-sidebar").getDomAttribute("aria-expanded"));
    assertTrue(browser.isTrue("document.getElementById('stage').inert"));
    browser.press(Keys.ESCAPE);
    browser.await(() -> !browser.find("#search").isDisplayed(), "the drawer to close");
    assertEquals("open-sidebar", focused("id"));
  }

  @Test
  void darkAndLightFollowTheSystemUnlessChosen() {
    String ground = "return getComputedStyle(document.body).backgroundColor";
    Object light = browser.script(ground);
    browser.device(1280, 800, "dark", false);
    Object dark = browser.script(ground);
    assertFalse(dark.equals(light));
    browser.click("#theme");
    assertEquals("Theme: light", browser.find("#theme").getDomAttribute("aria-label"));
    assertEquals(light, browser.script(ground));
    browser.driver.navigate().refresh();
    assertEquals(light, browser.script(ground));
    browser.click("#theme");
    assertEquals(dark, browser.script(ground));
  }

  @Test
  void nothingMovesWhereMotionIsUnwanted() {
    browser.device(1280, 800, "light", true);
    var gate = new CountDownLatch(1);
    server.stream(out -> out.thinking("a").await(gate).text("b").end("stop"));
    browser.send("Hello");
    browser.await(() -> browser.text(".thinking .markdown").contains("a"), "thinking");
    assertEquals(0L, browser.script("return document.getAnimations().length"));
    gate.countDown();
    browser.awaitAnswer(2);
  }
}
