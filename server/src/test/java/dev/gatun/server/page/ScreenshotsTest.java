// Draws the page wide, dark and narrow into target/screenshots, for people to look at; a blank
// picture fails.
package dev.gatun.server.page;

import static org.junit.jupiter.api.Assertions.assertTrue;

import java.awt.image.BufferedImage;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Base64;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.stream.IntStream;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.Test;
import org.openqa.selenium.interactions.Actions;

class ScreenshotsTest extends PageTest {
  private static final Path FOLDER = Path.of("target", "screenshots");
  private static final int FEWEST_COLOURS = 40;

  private void draw(String name) throws IOException {
    browser.script("return document.fonts.ready.then(() => new Promise(requestAnimationFrame))");
    var shot = browser.driver.executeCdpCommand("Page.captureScreenshot", Map.of("format", "png"));
    byte[] png = Base64.getDecoder().decode((String) shot.get("data"));
    Files.createDirectories(FOLDER);
    Files.write(FOLDER.resolve(name + ".png"), png);
    BufferedImage image = ImageIO.read(new ByteArrayInputStream(png));
    long colours =
        IntStream.range(0, image.getWidth() * image.getHeight())
            .map(i -> image.getRGB(i % image.getWidth(), i / image.getWidth()))
            .distinct()
            .count();
    assertTrue(colours > FEWEST_COLOURS, () -> name + " has only " + colours + " colours");
  }

  private void conversations() {
    for (String title :
        new String[] {
          "Merge two sorted lists in Java", "TCP and QUIC compared", "Why is the sky blue?"
        }) {
      server.thenText("Gladly.");
      browser.ask(title);
      browser.click("#new-chat");
      browser.await(() -> !browser.has(".message"), "an empty conversation");
    }
    var gate = new CountDownLatch(1);
    String answer =
        MarkdownTest.resource("answer.md")
                .replace(", with `$not a formula$`", "")
                .split("- an item")[0]
            + "$$\\boxed{x \\in \\{1, 2, 3\\}}$$\n";
    // The page's clock is set forward while the model "thinks", so that no test has to wait.
    browser.script(
        "const now = performance.now.bind(performance); window.ahead = 0; performance.now = () =>"
            + " now() + ahead");
    server.stream(
        out ->
            out.thinking("Try $x = 1$: $1 - 6 + 11 - 6 = 0$. So $x - 1$ divides it.")
                .await(gate)
                .text(answer)
                .end("stop"));
    browser.send("Solve x³ − 6x² + 11x − 6 = 0 and show each step.");
    browser.await(() -> browser.text(".thinking").contains("divides it"), "thinking");
    browser.script("ahead = 9600");
    gate.countDown();
    browser.awaitAnswer(2);
  }

  @Test
  void aConversationIsDrawn() throws IOException {
    browser.device(1280, 800, "light", true);
    draw("empty");
    conversations();
    new Actions(browser.driver)
        .moveToLocation(700, 400)
        .perform(); // away from the button that was clicked last
    browser.script("main.scrollTop = 0; document.activeElement.blur()");
    draw("wide");
    browser.device(390, 760, "light", true);
    browser.script("main.scrollTop = 560");
    draw("narrow");
    browser.device(1280, 800, "dark", true);
    browser.script("main.scrollTop = 620");
    draw("dark");
    browser.click("#open-settings");
    draw("settings");
  }

  @Test
  void thinkingToolsAndFailuresAreDrawn() throws IOException {
    browser.device(1280, 800, "light", true);
    var gate = new CountDownLatch(1);
    server.stream(
        out ->
            out.thinking("The user asks for the weather.\n\nI have a tool for that: `weather`.")
                .await(gate)
                .call(0, "weather", "{\"city\":\"Paris\",\"days\":3}")
                .end("tool_calls"));
    browser.send("Will it rain in Paris?");
    browser.await(() -> browser.text(".thinking").contains("I have a tool"), "thinking");
    draw("thinking");
    gate.countDown();
    browser.awaitAnswer(2);
    browser.find(".call textarea").sendKeys("{\"rain\": 0.8}");
    server.reply(MockServer.error(429, "rate_limit_error", "The queue is full: 64 requests wait"));
    browser.click(".calls .primary");
    browser.awaitAnswer(4);
    draw("tools");
  }
}
