// What can go wrong, each with its remedy: a server that is gone, loads, is full, wants a key,
// refuses, or breaks off.
package dev.gatun.server.page;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;
import org.openqa.selenium.Keys;

class FailureTest extends PageTest {
  private void fails(String said, String remedy) {
    browser.awaitAnswer(2);
    String text = browser.find(".failed").getText();
    assertTrue(text.contains(said) && text.contains(remedy), text);
  }

  @Test
  void aRefusalSaysWhatToDoAndCanBeTriedAgain() {
    server
        .reply(
            MockServer.error(
                400, "exceed_context_size_error", "The prompt has 50000 tokens, the context 40960"))
        .thenText("Fine");
    browser.send("Long");
    fails("The prompt has 50000 tokens", "larger -c");
    browser.click(".failed button");
    browser.await(() -> browser.text(".assistant .markdown").contains("Fine"), "the answer");
    browser.awaitAnswer(2);
    assertEquals(server.requests.get(0), server.requests.get(1));
  }

  @Test
  void otherRefusalsShowTheServersWords() {
    server.reply(MockServer.error(429, "rate_limit_error", "The queue is full"));
    browser.send("Now");
    fails("The queue is full", "Try again in a moment");
  }

  @Test
  void anErrorInTheStreamKeepsWhatHadCome() {
    server.stream(
        out ->
            out.text("Half")
                .raw(
                    "data: {\"error\":{\"message\":\"The device"
                        + " failed\",\"type\":\"server_error\"}}\n\n"));
    browser.send("Go");
    fails("The device failed", "What had come is kept");
    assertTrue(browser.text(".assistant .markdown").contains("Half"));
  }

  @Test
  void anAnswerThatBreaksOffSaysSo() {
    server.stream(
        out -> out.text("Half").raw("data: {\"choices\":[{\"delta\":{\"content\":\"lost"));
    browser.send("Go");
    fails("The connection ended before the answer did", "Try again");
    assertTrue(browser.text(".assistant .markdown").contains("Half"));
  }

  /** Line ends, comments, fields and cuts as the standard has them. */
  @Test
  void eventsAreReadInEveryForm() {
    server.stream(
        out ->
            out.raw(": ping\n\n")
                .raw(
                    "event: x\r\n"
                        + "id: 1\r\n"
                        + "data:{\"choices\":[{\"delta\":\r\n"
                        + "data: {\"content\":\"A\"}}]}\r\n\r")
                .raw("\ndata: {\"choices\":[{\"delta\":{\"content\":\"é€")
                .raw("😀\"}}]}\n\n")
                .raw("retry: 3\n\ndata: [DO")
                .raw("NE]\n\n"));
    browser.ask("Go");
    assertTrue(browser.text(".assistant .markdown").contains("Aé€😀"));
  }

  @Test
  void aKeyIsAskedForAndSent() {
    server.key = "secret";
    browser.driver.get("about:blank");
    browser.driver.get(server.url());
    browser.await(() -> browser.has("#ask[open]"), "the question");
    browser.press("wrong", Keys.ENTER);
    browser.await(
        () ->
            browser.has("#ask[open]")
                && browser.find("#ask input").getDomProperty("value").isEmpty(),
        "the question again");
    browser.press("secret", Keys.ENTER);
    browser.await(() -> browser.find("#model").getText().contains("QwQ"), "the server");
    server.thenText("In");
    browser.ask("Hello");
    assertTrue(browser.text(".assistant .markdown").contains("In"));
    assertEquals(null, browser.script("return localStorage.getItem('gatun.key')"));
  }

  @Test
  void aModelThatLoadsIsShownAndWaitedFor() {
    server.loading = "{\"status\":\"loading\",\"progress\":0.4}";
    browser.driver.get("about:blank");
    browser.driver.get(server.url());
    browser.await(() -> browser.text("#notice").contains("The model is being loaded"), "the word");
    assertEquals("0.4", browser.find("#notice progress").getDomAttribute("value"));
    server.thenText("Ready");
    browser.send("Hello");
    browser.await(() -> browser.has(".waits"), "the message to wait");
    assertEquals(0, server.requests.size());
    server.loading = "";
    browser.awaitAnswer(2);
    assertTrue(browser.text(".assistant .markdown").contains("Ready"));
    assertEquals("", browser.text("#notice"));
  }

  /** The server was started anew behind the page: the request is sent again when it is ready. */
  @Test
  void aRequestThatFindsTheModelLoadingIsAskedAgain() {
    server
        .reply(
            exchange -> {
              server.loading = "{\"error\":{\"message\":\"Loading model\"}}";
              MockServer.error(503, "unavailable_error", "Loading model").send(exchange);
            })
        .thenText("Now");
    browser.send("Hello");
    browser.await(() -> browser.text("#notice").contains("being loaded"), "the word");
    server.loading = "";
    browser.awaitAnswer(2);
    assertTrue(browser.text(".assistant .markdown").contains("Now"));
  }

  @Test
  void aServerThatIsGoneIsMissedAndFoundAgain() throws Exception {
    int port = server.port();
    server.close();
    browser.send("Hello");
    fails("The server does not answer", "gatun serve");
    browser.await(() -> browser.text("#notice").contains("Looking again"), "the word");
    server = new MockServer(port);
    server.thenText("Back");
    browser.await(() -> browser.text("#notice").isEmpty(), "the server");
    browser.click(".failed button");
    browser.await(() -> browser.text(".assistant .markdown").contains("Back"), "the answer");
    browser.awaitAnswer(2);
    browser.errors(); // the browser itself reports the refused connections
  }

  @Test
  void aServerThatTellsNoSlotsIsFine() {
    server.props = "";
    browser.open(server);
    server.thenText("Yes");
    browser.ask("Works?");
    assertEquals("", browser.find("#memory").getText());
  }
}
