// Settings reach the request, tools are called and answered by hand, JSON answers are laid out.
package dev.gatun.server.page;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.openqa.selenium.Keys;
import org.openqa.selenium.support.ui.Select;

class ToolsTest extends PageTest {
  private static final String TOOLS =
      "[{\"type\":\"function\",\"function\":{\"name\":\"weather\",\"parameters\":{\"type\":\"object\"}}}]";

  private void set(String name, String value) {
    var field = browser.find("#set-" + name);
    if (field.getTagName().equals("select")) {
      new Select(field).selectByValue(value);
    } else {
      field.clear();
      field.sendKeys(value);
    }
  }

  private void closeSettings() {
    browser.press(Keys.ESCAPE);
    browser.await(() -> !browser.has("#settings[open]"), "the settings to close");
  }

  @Test
  void everySettingIsSentUnderItsNameAndEmptyOnesAreNot() {
    server.thenText("a").thenText("b");
    browser.ask("First");
    assertEquals(List.of("model", "messages", "stream", "stream_options"), names(0));
    browser.click("#open-settings");
    set("system", "Be short.");
    set("temperature", "0.2");
    set("top_p", "0.9");
    set("top_k", "40");
    set("min_p", "0.05");
    set("max_completion_tokens", "100");
    set("seed", "7");
    set("presence_penalty", "-1");
    set("frequency_penalty", "0.5");
    set("repeat_penalty", "1.1");
    set("stop", "END\n\\n\\n");
    set("reasoning_effort", "low");
    set("thinking_budget_tokens", "256");
    closeSettings();
    assertTrue(browser.text("#chips").contains("Temperature: 0.2"));
    browser.ask("Second");
    var request = server.requests.get(1);
    assertEquals(
        "{\"role\":\"system\",\"content\":\"Be short.\"}", request.at("/messages/0").toString());
    assertEquals("[\"END\",\"\\n\\n\"]", request.get("stop").toString());
    assertEquals("low", request.get("reasoning_effort").asText());
    var numbers = new StringBuilder();
    for (String name :
        List.of(
            "temperature",
            "top_p",
            "top_k",
            "min_p",
            "max_completion_tokens",
            "seed",
            "presence_penalty",
            "frequency_penalty",
            "repeat_penalty",
            "thinking_budget_tokens")) {
      numbers.append(request.get(name)).append(' ');
    }
    assertEquals("0.2 0.9 40 0.05 100 7 -1 0.5 1.1 256 ", numbers.toString());
    browser.driver.navigate().refresh();
    browser.await(() -> browser.text("#chips").contains("Temperature: 0.2"), "the settings, kept");
    browser.click("#open-settings");
    browser.click(".dialog-head .quiet");
    closeSettings();
    assertEquals("", browser.text("#chips"));
  }

  private List<String> names(int request) {
    var names = new java.util.ArrayList<String>();
    server.requests.get(request).fieldNames().forEachRemaining(names::add);
    return names;
  }

  @Test
  void aWrongSettingIsNamedAndNothingIsSent() {
    browser.click("#open-settings");
    set("temperature", "warm");
    assertEquals("Expected a number from 0 to 5", browser.find("#set-temperature-wrong").getText());
    assertEquals("true", browser.find("#set-temperature").getDomAttribute("aria-invalid"));
    closeSettings();
    browser.send("Hello");
    browser.await(() -> browser.has("#settings[open]"), "the settings");
    assertEquals(
        "set-temperature", browser.driver.switchTo().activeElement().getDomAttribute("id"));
    assertFalse(browser.has(".message"));
    assertEquals("Hello", browser.find("#input").getDomProperty("value"));
    assertEquals(0, server.requests.size());
  }

  @Test
  void aToolIsCalledAndItsResultTyped() {
    browser.click("#open-settings");
    browser.script("document.getElementById('set-tools').value = arguments[0]", TOOLS);
    browser.find("#set-tools").sendKeys(" ");
    closeSettings();
    assertEquals("Tools: weather", browser.text("#chips"));
    server.stream(
            out ->
                out.thinking("I need it.")
                    .call(0, "weather", "{\"city\":\"Paris\"}")
                    .call(1, "weather", "{\"city\":\"Rome\"}")
                    .end("tool_calls"))
        .thenText("Sunny in Paris, rain in Rome.");
    browser.ask("Weather?");
    assertEquals("weather", server.requests.getFirst().at("/tools/0/function/name").asText());
    assertEquals(2, browser.all(".call").size());
    assertEquals("{\n  \"city\": \"Paris\"\n}", browser.find(".call code").getText());
    browser.all(".call textarea").get(0).sendKeys("sun");
    browser.all(".call textarea").get(1).sendKeys("rain");
    browser.click(".calls .primary");
    browser.awaitAnswer(5);
    var sent = server.requests.getLast().get("messages");
    assertEquals(
        "{\"role\":\"assistant\",\"content\":\"\",\"tool_calls\":[{\"id\":\"call_weather\",\"type\":\"function\",\"function\":"
            + "{\"name\":\"weather\",\"arguments\":\"{\\\"city\\\":\\\"Paris\\\"}\"}},{\"id\":\"call_weather\",\"type\":\"function\",\"function\":"
            + "{\"name\":\"weather\",\"arguments\":\"{\\\"city\\\":\\\"Rome\\\"}\"}}]}",
        sent.get(1).toString());
    assertEquals(
        "{\"role\":\"tool\",\"tool_call_id\":\"call_weather\",\"content\":\"sun\"}",
        sent.get(2).toString());
    assertEquals("rain", sent.get(3).get("content").asText());
    assertTrue(browser.text(".assistant .markdown").contains("Sunny in Paris"));
    assertFalse(browser.has(".calls"), "results are typed once");
  }

  @Test
  void aJsonAnswerIsLaidOutAndLosesNoDigit() {
    browser.click("#open-settings");
    set("format", "json_schema");
    browser.script("document.getElementById('set-schema').value = '{\"type\":\"object\"}'");
    browser.find("#set-schema").sendKeys(" ");
    closeSettings();
    server.stream(
        out ->
            out.text("{\"a\":[1,12345678901234567890],", "\"b\":\"x, {y}\",\"c\":{}}").end("stop"));
    browser.ask("JSON");
    assertEquals(
        "{\"type\":\"object\"}",
        server.requests.getFirst().at("/response_format/json_schema/schema").toString());
    assertEquals(
        "{\n"
            + "  \"a\": [\n"
            + "    1,\n"
            + "    12345678901234567890\n"
            + "  ],\n"
            + "  \"b\": \"x, {y}\",\n"
            + "  \"c\": {}\n"
            + "}",
        browser.find(".assistant > .markdown code").getText());
    assertTrue(browser.has(".assistant .hljs-attr"));
  }

  @Test
  void aSchemaThatIsMissingIsAskedFor() {
    browser.click("#open-settings");
    set("format", "json_schema");
    closeSettings();
    browser.send("JSON");
    browser.await(() -> browser.has("#settings[open]"), "the settings");
    assertEquals("set-schema", browser.driver.switchTo().activeElement().getDomAttribute("id"));
    assertEquals(0, server.requests.size());
  }
}
