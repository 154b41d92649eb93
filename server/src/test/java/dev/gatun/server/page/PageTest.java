// What the page's tests in a browser share: a server, a browser, and a look at what went wrong
// behind the scenes.
package dev.gatun.server.page;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;

/** One browser for a class, one server, and so one empty store, for each test. */
@Tag("browser")
abstract class PageTest {
  static Browser browser;
  MockServer server;

  @BeforeAll
  static void start() {
    browser = new Browser();
  }

  @AfterAll
  static void stop() {
    browser.close();
  }

  @BeforeEach
  void open() {
    server = MockServer.start();
    browser.device(1280, 800, "light", false);
    browser.open(server);
  }

  /**
   * No test may leave an error, a violation of the policy, or a request for what the page does not
   * have.
   */
  @AfterEach
  void nothingWentWrongBehindTheScenes() {
    List<?> misdeeds = browser.misdeeds();
    browser.driver.get("about:blank"); // before the server goes, so that the page does not miss it
    server.close();
    List<String> errors = browser.errors();
    assertEquals(List.of(), misdeeds);
    assertEquals(List.of(), errors);
    assertEquals(List.of(), server.strangers);
  }
}
