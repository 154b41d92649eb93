// Tests that the list of the page's files is whole and true: what is listed is there, and what is
// there is listed.
package dev.gatun.server.page;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

class FilesTest {
  private static final Path FOLDER = Path.of("src/main/resources/dev/gatun/server/page");

  private static String text(String path) {
    return new String(PageFiles.read().get(path).bytes(), StandardCharsets.UTF_8);
  }

  @Test
  void everyListedFileIsOnTheClassPath() {
    PageFiles.read().forEach((path, entry) -> assertTrue(entry.bytes().length > 0, path));
  }

  @Test
  void everyFileOfThePageIsListed() throws IOException {
    Set<String> listed =
        PageFiles.read().values().stream()
            .map(PageFiles.Entry::resource)
            .filter(resource -> resource.startsWith("dev/gatun/server/page/"))
            .map(resource -> resource.substring("dev/gatun/server/page/".length()))
            .collect(Collectors.toCollection(TreeSet::new));
    try (var files = Files.list(FOLDER)) {
      Set<String> there =
          files
              .map(file -> file.getFileName().toString())
              .collect(Collectors.toCollection(TreeSet::new));
      there.remove("files.properties");
      assertEquals(there, listed);
    }
  }

  @Test
  void whatThePageRefersToIsServed() {
    Set<String> served = PageFiles.read().keySet();
    String index = text("/");
    var reference = Pattern.compile("(?:src|href)=\"([^\"#][^\"]*)\"").matcher(index);
    while (reference.find()) {
      assertTrue(served.contains("/" + reference.group(1)), reference.group());
    }
    for (String path : served) {
      if (path.matches("/page/[^/]*\\.js")) {
        var imported = Pattern.compile("from '\\./([^']+)'").matcher(text(path));
        while (imported.find()) {
          assertTrue(served.contains("/page/" + imported.group(1)), path + ": " + imported.group());
        }
      }
    }
    var font =
        Pattern.compile("url\\((fonts/[^)]+\\.woff2)\\)")
            .matcher(text("/page/lib/katex/katex.css"));
    assertTrue(font.find());
    do {
      assertTrue(served.contains("/page/lib/katex/" + font.group(1)), font.group());
    } while (font.find());
  }

  /** The policy forbids them, and a browser would drop them without a word. */
  @Test
  void nothingRunsOrStylesInline() {
    String index = text("/");
    assertTrue(index.startsWith("<!doctype html>"));
    assertFalse(
        Pattern.compile("<style|\\sstyle=|\\son\\w+=|<script>|javascript:").matcher(index).find());
  }

  /** Text becomes nodes in one place only, which cleans it. */
  @Test
  void nothingOfThePageParsesHtml() {
    var parses =
        Pattern.compile(
            "innerHTML|outerHTML|insertAdjacentHTML|document\\.write|createContextualFragment|DOMParser|\\beval\\b|new"
                + " Function");
    for (String path : PageFiles.read().keySet()) {
      if (path.matches("/page/[^/]*\\.js")) {
        assertFalse(parses.matcher(text(path)).find(), path);
      }
    }
  }
}
