// What the browser keeps: conversations over a reload, their names, search, deletion, files, two
// tabs, and a full disk.
package dev.gatun.server.page;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.ObjectMapper;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.Test;
import org.openqa.selenium.Keys;
import org.openqa.selenium.WindowType;

class KeptTest extends PageTest {
  /** Gives the page a file to import, as choosing one would. */
  static final String IMPORT =
      """
      const data = new DataTransfer();
      data.items.add(new File([arguments[0]], 'x.json', { type: 'application/json' }));
      const input = document.getElementById('import-file');
      input.files = data.files;
      input.dispatchEvent(new Event('change'));
      """;

  /** Collects what is exported instead of writing it to a folder. */
  private static final String CATCH_EXPORT =
      """
      const create = URL.createObjectURL;
      URL.createObjectURL = (blob) => (blob.text().then((text) => (window.exported = text)), create(blob));
      document.addEventListener('click', (event) => event.target.download && event.preventDefault(), true);
      HTMLAnchorElement.prototype.click = function () { window.exportedName = this.download; };
      """;

  private void two() {
    server.thenText("Paris.").thenText("Haskell is lazy.");
    browser.ask("Capital of France?");
    browser.click("#new-chat");
    browser.await(() -> !browser.has(".message"), "an empty conversation");
    browser.ask("Which language is lazy?");
  }

  @Test
  void aConversationIsThereAfterAReload() {
    server.stream(out -> out.thinking("Hm.").text("Paris is *it*.").end("stop")).thenText("Rome");
    browser.ask("Capital of France?");
    browser.driver.navigate().refresh();
    browser.await(
        () -> browser.text(".assistant .markdown").contains("Paris is it."), "the answer");
    assertEquals("Capital of France?", browser.find("#title").getText());
    assertTrue(browser.text(".thinking .markdown").contains("Hm."));
    assertTrue(browser.find(".stats").getText().contains("31.2 tokens/s"));
    browser.await(() -> browser.find("#model").getText().contains("QwQ"), "the server");
    browser.ask("And Italy?");
    assertEquals(3, server.requests.getLast().get("messages").size());
  }

  @Test
  void anAnswerThatAReloadInterruptsSaysSoAndCanBeAskedAgain() {
    var gate = new CountDownLatch(1);
    server.stream(out -> out.text("Half an").await(gate)).thenText("A whole answer");
    browser.send("Go");
    browser.await(
        () -> browser.text(".assistant .markdown").contains("Half an"), "the first words");
    browser.driver.navigate().refresh();
    gate.countDown();
    browser.await(() -> browser.has(".ended"), "the end");
    assertEquals("This answer was interrupted. Answer again", browser.find(".ended").getText());
    browser.click(".ended .link");
    browser.await(
        () -> browser.text(".assistant .markdown").contains("A whole answer"), "the answer");
  }

  @Test
  void conversationsAreListedFoundAndShown() {
    two();
    assertEquals(2, browser.all("#conversations li").size());
    browser.press(Keys.chord(Keys.CONTROL, "k"));
    browser.press("PARIS");
    browser.await(() -> browser.all("#conversations li").size() == 1, "what is found");
    assertEquals("Capital of France?", browser.text("#conversations a"));
    browser.click("#conversations a");
    browser.await(
        () -> browser.text(".assistant .markdown").contains("Paris."), "the conversation");
    browser.find("#search").clear();
    browser.find("#search").sendKeys("nowhere");
    browser.await(() -> browser.text("#conversations").contains("Nothing found."), "nothing");
    browser.driver.navigate().back();
    browser.await(() -> browser.text(".assistant .markdown").contains("Haskell"), "the one before");
  }

  @Test
  void aConversationIsRenamedDeletedAndBroughtBack() {
    two();
    browser.click("#conversations li:first-child [aria-label^='Rename']");
    browser.press(Keys.chord(Keys.CONTROL, "a"), "Laziness", Keys.ENTER);
    browser.await(() -> browser.find("#title").getText().equals("Laziness"), "the name");
    browser.driver.navigate().refresh();
    browser.await(() -> browser.find("#title").getText().equals("Laziness"), "the name, kept");
    browser.click("#conversations li.current [aria-label^='Delete']");
    browser.await(
        () -> browser.all("#conversations li").size() == 1 && !browser.has(".message"), "it to go");
    browser.click(".toast .link");
    browser.await(() -> browser.all("#conversations li").size() == 2, "it to come back");
  }

  @Test
  void exportAndImportGiveTheSameConversationWithNewIds() throws Exception {
    server.thenText("Red").thenText("Blue");
    browser.ask("A colour?");
    browser.click(".assistant [aria-label='Answer again']");
    browser.await(() -> browser.text(".assistant .markdown").contains("Blue"), "another answer");
    browser.awaitAnswer(2);
    browser.script(CATCH_EXPORT);
    browser.click("#export");
    browser.await(() -> browser.isTrue("window.exported"), "the file");
    assertEquals("A colour.json", browser.script("return exportedName"));
    String file = (String) browser.script("return exported");
    assertFalse(file.contains("apiKey"));
    browser.script(IMPORT, file);
    browser.await(() -> browser.all("#conversations li").size() == 2, "the import");
    browser.click("#conversations li:not(.current) a");
    browser.await(() -> browser.text(".branches").contains("2 / 2"), "its branches");
    assertTrue(browser.text(".assistant .markdown").contains("Blue"));
    browser.script("delete window.exported");
    browser.click("#export-all");
    browser.await(() -> browser.isTrue("window.exported"), "the file");
    var all = new ObjectMapper().readTree((String) browser.script("return exported"));
    assertEquals(2, all.get("conversations").size());
  }

  @Test
  void whatIsNoExportIsRefused() {
    browser.script(IMPORT, "not json");
    browser.await(() -> browser.text(".toast").contains("The file is not JSON"), "the refusal");
    browser.script(IMPORT, "{\"messages\":[]}");
    browser.await(() -> browser.text(".toast").contains("holds no conversations"), "the refusal");
    assertFalse(browser.has("#conversations li"));
  }

  @Test
  void aFullDiskIsSaid() {
    browser.script(
        "IDBObjectStore.prototype.put = () => { throw new DOMException('full',"
            + " 'QuotaExceededError'); }");
    server.thenText("Paris.");
    browser.ask("Capital of France?");
    browser.await(() -> browser.text(".toast").contains("no room left"), "the word");
    assertTrue(browser.text(".assistant .markdown").contains("Paris."));
  }

  @Test
  void whereNothingIsKeptThePageWorksAndSaysSo() {
    var source =
        java.util.Map.<String, Object>of(
            "source", "Object.defineProperty(window, 'indexedDB', { value: undefined })");
    var added = browser.driver.executeCdpCommand("Page.addScriptToEvaluateOnNewDocument", source);
    try {
      browser.open(server);
      browser.await(() -> browser.text(".toast").contains("keeps no data"), "the word");
      two();
      browser.all("#conversations a").getLast().click();
      browser.await(
          () -> browser.text(".assistant .markdown").contains("Paris."), "the other conversation");
    } finally {
      browser.driver.executeCdpCommand("Page.removeScriptToEvaluateOnNewDocument", added);
    }
  }

  @Test
  void anotherTabSeesWhatIsSaved() {
    server.thenText("Paris.").thenText("Rome.");
    browser.ask("Capital of France?");
    String first = browser.driver.getWindowHandle();
    String address = browser.driver.getCurrentUrl();
    browser.driver.switchTo().newWindow(WindowType.TAB);
    try {
      browser.driver.get(address);
      browser.await(
          () -> browser.text(".assistant .markdown").contains("Paris."), "the conversation");
      browser.await(() -> browser.find("#model").getText().contains("QwQ"), "the server");
      browser.ask("Of Italy?");
    } finally {
      browser.driver.close();
      browser.driver.switchTo().window(first);
    }
    browser.await(
        () -> browser.text(".assistant .markdown").contains("Rome."), "what the other tab got");
  }
}
