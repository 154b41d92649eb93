// Shows Markdown, tables, formulas and code; streamed, the same as whole.
package dev.gatun.server.page;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.params.provider.Arguments.arguments;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

class MarkdownTest extends PageTest {
  private static final String SAMPLE = resource("answer.md");

  static String resource(String name) {
    try (InputStream in = MarkdownTest.class.getResourceAsStream(name)) {
      return new String(in.readAllBytes(), StandardCharsets.UTF_8);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private String shown(String markdown) {
    server.thenText(markdown);
    browser.ask("Show");
    return browser.find(".assistant > .markdown").getText();
  }

  @Test
  void theSampleIsShownWhole() {
    shown(SAMPLE);
    assertEquals("1. Find one root", browser.find(".markdown h5").getText());
    assertEquals(4, browser.all(".markdown table tr").size());
    assertEquals(
        "right",
        browser.script("return getComputedStyle(document.querySelector('td.to-right')).textAlign"));
    assertTrue(browser.all(".markdown .code code .hljs-keyword").size() >= 2);
    assertEquals(2, browser.all(".markdown .code").size());
    assertEquals("$not a formula$", browser.find(".markdown p code").getText());
    assertTrue(browser.text(".markdown ul").contains("prices such as $5 and $10 stay prices"));
  }

  /** Laid out, not merely there: a fraction is higher than a line, and its font has come. */
  @Test
  void formulasAreLaidOut() {
    shown(SAMPLE);
    assertEquals(
        browser.all(".markdown .formula").size(),
        browser.all(".markdown .formula .katex-html").size());
    assertFalse(browser.has(".wrong-formula"));
    // Numerator, line and denominator: without their styles, which need the style object, they
    // would lie on one line.
    var tops =
        """
        const parts = document.querySelectorAll('.formula.display .mfrac .vlist > span:has(> .pstrut)');
        return [...parts].map((part) => part.lastElementChild.getBoundingClientRect().top);
        """;
    var found = (List<?>) browser.script(tops);
    assertTrue(
        ((Number) found.getFirst()).doubleValue() > ((Number) found.getLast()).doubleValue() + 15,
        found.toString());
    browser.await(
        () ->
            browser.isTrue(
                "[...document.fonts].some((font) => font.family === 'KaTeX_Main' && font.status ==="
                    + " 'loaded')"),
        "the font");
    assertTrue(browser.has(".formula.display .katex-mathml math"), "for screen readers");
  }

  static List<Arguments> formulas() {
    return List.of(
        arguments("a $x^2$ b", "x^2", false),
        arguments("a \\(x^2\\) b", "x^2", false),
        arguments("$$x^2$$", "x^2", true),
        arguments("\\[x^2\\]", "x^2", true),
        arguments("\\[\nx^2\n\\]", "x^2", true),
        arguments("$$\nx\n\ny\n$$", "x\n\ny", true),
        arguments("1. one\n\n   $$\n   x\n   $$", "x", true),
        arguments("> \\[x\\]", "x", true),
        arguments("a \\[x\\] b", "x", true),
        arguments("\\[x\\].", "x\n\\text{.}", true),
        arguments("**a $x$**", "x", false),
        arguments("| a |\n|---|\n| $x$ |", "x", false));
  }

  @ParameterizedTest
  @MethodSource("formulas")
  void eachFormOfAFormulaIsFound(String markdown, String tex, boolean display) {
    shown(markdown);
    assertEquals(display, browser.has(".formula.display"));
    assertEquals(
        tex,
        browser.script("return document.querySelector('.formula annotation').textContent.trim()"));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "costs $5 to $10",
        "`$x$`",
        "a $ b $ c",
        "\\$x\\$",
        "    $x$",
        "$$x",
        "\\\\(x\\\\)"
      })
  void whatIsNoFormulaStaysText(String markdown) {
    shown(markdown);
    assertFalse(browser.has(".formula"));
  }

  @Test
  void formulasInCodeStayCode() {
    String text = shown("```tex\n$$x$$\n\\[y\\]\n```");
    assertFalse(browser.has(".formula"));
    assertTrue(text.contains("$$x$$\n\\[y\\]"), text);
  }

  @Test
  void aWrongFormulaShowsItsText() {
    assertTrue(shown("$\\frac{1$ and then $y$").contains("and then"));
    assertEquals("\\frac{1", browser.find(".wrong-formula").getText());
    assertEquals(1, browser.all(".katex").size());
  }

  /** However it is cut, a streamed text ends as if it had come at once. */
  @Test
  void streamedTextEndsAsWholeTextDoes() {
    var script =
        """
        const [text, step] = arguments;
        return import('/page/blocks.js').then(({ Blocks }) => {
          const grown = document.createElement('div');
          const whole = document.createElement('div');
          const blocks = new Blocks(grown);
          for (let n = 0; n < text.length; n += step) blocks.update(text.slice(0, n), false);
          blocks.update(text, true);
          new Blocks(whole).update(text, true);
          return [grown.textContent, whole.textContent, grown.isEqualNode(whole)];
        })
        """;
    for (String text :
        List.of(SAMPLE, resource("blocks.md"), resource("blocks.md").replace("\n", "\r\n"))) {
      for (int step : new int[] {1, 3, 17}) {
        var result = (List<?>) browser.script(script, text, step);
        assertEquals(result.get(1), result.get(0));
        assertEquals(true, result.get(2), "step " + step);
      }
    }
  }

  @Test
  void codeGrowsWithoutBeingBuiltAgain() {
    var first = new CountDownLatch(1);
    var second = new CountDownLatch(1);
    server.stream(
        out ->
            out.text("```java\nint a;\n")
                .await(first)
                .text("int b;\n")
                .await(second)
                .text("```\n")
                .end("stop"));
    browser.send("Code");
    browser.await(() -> browser.text(".assistant code").contains("int a;"), "the first line");
    browser.script("window.node = document.querySelector('.assistant code').firstChild");
    first.countDown();
    browser.await(() -> browser.text(".assistant code").contains("int b;"), "the second line");
    assertEquals("int a;\nint b;\n", browser.script("return node.data"));
    second.countDown();
    browser.awaitAnswer(2);
    assertEquals("int a;\nint b;\n", browser.text(".assistant code"));
    assertTrue(browser.has(".assistant code .hljs-type"));
  }
}
