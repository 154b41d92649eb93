// A headless Chromium with the page in it, as a person and a security policy see it.
package dev.gatun.server.page;

import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;
import java.util.logging.Level;
import org.openqa.selenium.By;
import org.openqa.selenium.Keys;
import org.openqa.selenium.StaleElementReferenceException;
import org.openqa.selenium.WebElement;
import org.openqa.selenium.chrome.ChromeDriver;
import org.openqa.selenium.chrome.ChromeDriverService;
import org.openqa.selenium.chrome.ChromeOptions;
import org.openqa.selenium.logging.LogEntry;
import org.openqa.selenium.logging.LogType;
import org.openqa.selenium.logging.LoggingPreferences;
import org.openqa.selenium.support.ui.WebDriverWait;

/** -Dgatun.chromium and -Dgatun.chromedriver name the programs; nothing is downloaded. */
final class Browser implements AutoCloseable {
  private static final Duration PATIENCE = Duration.ofSeconds(60);

  // Before any script of the page: what a hostile answer would call, and what the policy had to
  // forbid.
  private static final String WITNESS =
      """
      window.ran = [];
      window.forbidden = [];
      for (const name of ['alert', 'confirm', 'prompt', 'print', 'open']) window[name] = () => ran.push(name);
      document.addEventListener('securitypolicyviolation', (e) => forbidden.push(`${e.violatedDirective} ${e.blockedURI} ${e.sample}`));
      """;

  final ChromeDriver driver;

  Browser() {
    var logs = new LoggingPreferences();
    logs.enable(LogType.BROWSER, Level.ALL);
    var options = new ChromeOptions();
    options.setBinary(System.getProperty("gatun.chromium"));
    options.setCapability("goog:loggingPrefs", logs);
    // No sandbox: CI runs as root in a container. No address but this machine's can be looked up.
    options.addArguments(
        "--headless=new",
        "--no-sandbox",
        "--disable-dev-shm-usage",
        "--disable-gpu",
        "--window-size=1280,800",
        "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
        "--hide-scrollbars",
        "--force-color-profile=srgb");
    var service =
        new ChromeDriverService.Builder()
            .usingDriverExecutable(new java.io.File(System.getProperty("gatun.chromedriver")))
            .build();
    driver = new ChromeDriver(service, options);
    driver.executeCdpCommand("Page.addScriptToEvaluateOnNewDocument", Map.of("source", WITNESS));
  }

  /** Opens the page and waits until it knows the server. */
  Browser open(MockServer server) {
    driver.get(server.url());
    await(() -> find("#model").getText().contains("QwQ"), "the page to know its server");
    return this;
  }

  WebElement find(String css) {
    return driver.findElement(By.cssSelector(css));
  }

  List<WebElement> all(String css) {
    return driver.findElements(By.cssSelector(css));
  }

  boolean has(String css) {
    return !all(css).isEmpty();
  }

  /** The text of all elements found, also where it is folded away. */
  String text(String css) {
    return (String)
        script(
            "return [...document.querySelectorAll(arguments[0])].map((e) =>"
                + " e.textContent).join('\\n"
                + "')",
            css);
  }

  void click(String css) {
    find(css).click();
  }

  /** Presses keys where the focus is. */
  void press(CharSequence... keys) {
    driver.switchTo().activeElement().sendKeys(keys);
  }

  /** Types a message and sends it. */
  void send(String message) {
    find("#input").sendKeys(message, Keys.ENTER);
  }

  /** Sends a message and waits for its answer's end. */
  void ask(String message) {
    int before = all(".message").size();
    send(message);
    awaitAnswer(before + 2);
  }

  void awaitAnswer(int messages) {
    await(
        () -> all(".message").size() == messages && has(".message:last-child.assistant .actions"),
        "an answer");
  }

  void await(Supplier<Boolean> condition, String what) {
    new WebDriverWait(driver, PATIENCE, Duration.ofMillis(20))
        .withMessage(() -> "waited for " + what)
        .ignoring(StaleElementReferenceException.class)
        .until(_ -> condition.get());
  }

  /** Runs JavaScript; a promise is waited for. */
  Object script(String body, Object... arguments) {
    return driver.executeScript(body, arguments);
  }

  boolean isTrue(String expression) {
    return Boolean.TRUE.equals(script("return Boolean(" + expression + ")"));
  }

  /** Tests of widths and themes: what the device says of itself. */
  void device(int width, int height, String theme, boolean reducedMotion) {
    driver.executeCdpCommand(
        "Emulation.setDeviceMetricsOverride",
        Map.of("width", width, "height", height, "deviceScaleFactor", 1, "mobile", false));
    var features =
        List.of(
            Map.of("name", "prefers-color-scheme", "value", theme),
            Map.of(
                "name",
                "prefers-reduced-motion",
                "value",
                reducedMotion ? "reduce" : "no-preference"));
    driver.executeCdpCommand("Emulation.setEmulatedMedia", Map.of("features", features));
  }

  /** What hostile text managed to call, and what only the policy stopped. */
  List<?> misdeeds() {
    return (List<?>) script("return [...ran, ...forbidden]");
  }

  /** Errors in the browser's console, less the statuses of failed requests that a test asks for. */
  List<String> errors() {
    return driver.manage().logs().get(LogType.BROWSER).getAll().stream()
        .filter(entry -> entry.getLevel().intValue() >= Level.SEVERE.intValue())
        .map(LogEntry::getMessage)
        .filter(message -> !message.contains("the server responded with a status of"))
        .toList();
  }

  @Override
  public void close() {
    driver.quit();
  }
}
