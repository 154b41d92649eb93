// Answers that try to run, load or leave. None may: no script, no request, no violation that the
// policy had to stop.
package dev.gatun.server.page;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

class HostileTest extends PageTest {
  /**
   * Each begins with a line of its name; {@code %%} between them. What they call is alert(1) or a
   * path of this server.
   */
  private static final List<String> PAYLOADS =
      Arrays.stream(MarkdownTest.resource("hostile.txt").split("(?m)^%%\\n"))
          .filter(text -> !text.isBlank())
          .toList();

  // Everything that could be clicked, focused or hovered over is; frames, forms and pictures must
  // not be there at all.
  private static final String PROVOKE =
      """
      for (const node of document.querySelectorAll('.message *')) {
        for (const type of ['mouseover', 'focus', 'error', 'load', 'toggle', 'animationstart', 'pointerenter']) {
          node.dispatchEvent(new Event(type));
        }
      }
      return [...document.querySelectorAll('.message *')].flatMap((node) => {
        const wrong = [...node.attributes].filter(({ name, value }) => /^on/i.test(name) || /^\\s*(javascript|data|vbscript):/i.test(value));
        const forbidden = /^(script|iframe|frame|object|embed|form|base|meta|style|video|audio|source|img|template|animate|set|foreignobject)$/i;
        const ours = node.matches('.editing, .calls');
        const link = node.matches('a[href]') && (!/^(https?:|mailto:)/.test(node.href) || node.target !== '_blank' || !node.relList.contains('noopener') || !node.relList.contains('noreferrer'));
        return wrong.length || (forbidden.test(node.localName) && !ours) || link ? [node.outerHTML.slice(0, 200)] : [];
      });
      """;

  @Test
  void thereAreManyPayloads() {
    assertTrue(PAYLOADS.size() >= 60, () -> "only " + PAYLOADS.size());
  }

  @Test
  void noAnswerRunsAnything() {
    for (String payload : PAYLOADS) {
      server.thenText(payload);
      browser.ask("Show");
      assertEquals(List.of(), browser.script(PROVOKE), payload);
      assertEquals(List.of(), browser.misdeeds(), payload);
      assertEquals(List.of(), server.strangers, payload);
      browser.click("#new-chat");
      browser.await(() -> !browser.has(".message"), "an empty conversation");
    }
  }

  /**
   * As thinking, as a tool's name and arguments, as JSON, as what the user wrote and as the title,
   * all cut into single characters.
   */
  @Test
  void noOtherPartOfAnAnswerRunsAnything() {
    for (String payload : PAYLOADS) {
      String[] pieces = payload.codePoints().mapToObj(Character::toString).toArray(String[]::new);
      server.stream(
          out -> out.thinking(pieces).text(pieces).call(0, payload, payload).end("tool_calls"));
      browser.script(
          "const input = document.getElementById('input'); input.value = arguments[0];"
              + " input.form.requestSubmit()",
          "x" + payload);
      browser.awaitAnswer(2);
      browser.script("document.querySelectorAll('details').forEach((each) => (each.open = true))");
      assertEquals(List.of(), browser.script(PROVOKE), payload);
      assertEquals(List.of(), browser.misdeeds(), payload);
      assertEquals(List.of(), server.strangers, payload);
      browser.click("#new-chat");
      browser.await(() -> !browser.has(".message"), "an empty conversation");
    }
  }

  /** DOMPurify and the short list hold by themselves, were markdown-it ever to let HTML through. */
  @Test
  void theSecondWallHoldsAlone() {
    var script =
        """
        return import('/page/render.js').then(({ render }) => {
          for (const text of arguments[0]) {
            const article = document.createElement('article');
            article.className = 'message';
            article.append(render(text));
            document.getElementById('messages').append(article);
          }
        });
        """;
    browser.script(script, PAYLOADS);
    assertEquals(List.of(), browser.script(PROVOKE));
    assertEquals(List.of(), browser.script("return ran"));
    // While DOMPurify parses, in a document that runs nothing, the policy already names what is
    // then taken out.
    browser.script("forbidden.length = 0");
    browser.errors();
  }

  @Test
  void aHostileFileImportsAsText() {
    var message =
        "{\"role\":\"user\",\"parent\":\"a\",\"content\":\"<img src=x"
            + " onerror=alert(1)>\",\"toolCalls\":{\"length\":9}}";
    var file =
        "{\"format\":\"gatun-conversations\",\"version\":1,\"conversations\":[{\"id\":\"<b>\",\"title\":\"<img"
            + " src=/leak onerror=alert(1)>\","
            + "\"leaf\":\"a\",\"settings\":{\"__proto__\":{\"x\":1},\"temperature\":\"<script>\"},\"messages\":{\"a\":"
            + message
            + ",\"b\":{\"role\":\"system\"}, \"c\":7}}, 3, null]}";
    browser.script(KeptTest.IMPORT, file);
    browser.await(() -> browser.all("#conversations li").size() == 3, "three conversations");
    browser.driver.findElement(org.openqa.selenium.By.partialLinkText("<img")).click();
    browser.await(() -> browser.has(".message"), "the message");
    assertEquals("<img src=x onerror=alert(1)>", browser.find(".bubble").getText());
    assertEquals(List.of(), browser.script(PROVOKE));
  }

  @Test
  void longHostileTextsDoNotHoldThePage() {
    String script =
        """
        return import('/page/blocks.js').then(({ Blocks }) => {
          new Blocks(document.createElement('div')).update(arguments[0], true);
          return true;
        })
        """;
    Stream.of(
            "$", "$$", "\\(", "\\[", "[", "![", "**", "*a ", "_a", "`", "``", "> ", "- ", "<a ",
            "&#", "|", "| a ", "\\", "[a](", "![a](<b", "<!--", "~~", "*_")
        .forEach(piece -> assertEquals(true, browser.script(script, piece.repeat(20_000)), piece));
    Stream.of(
            "\\def\\a{\\a\\a}\\a",
            "\\rule{1e9em}{1e9em}",
            "{".repeat(5000),
            "\\frac".repeat(3000),
            "x^".repeat(5000))
        .forEach(
            tex ->
                assertEquals(
                    true, browser.script(script, "$$" + tex + "$$"), tex.substring(0, 10)));
  }
}
