// CacheFolderTest: where the cache folder is.
package dev.gatun.hub;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Test;

class CacheFolderTest {
  private static final Path HOME = Path.of(System.getProperty("user.home"), ".cache", "gatun");

  private static Path root(Map<String, String> environment) {
    return CacheFolder.fromEnvironment(environment).root();
  }

  @Test
  void ownVariableGoesBeforeTheDesktopsBeforeHome() {
    assertEquals(Path.of("/a"), root(Map.of("GATUN_CACHE", "/a", "XDG_CACHE_HOME", "/b")));
    assertEquals(Path.of("/b/gatun"), root(Map.of("XDG_CACHE_HOME", "/b")));
    assertEquals(HOME, root(Map.of()));
  }

  @Test
  void emptyIsUnsetAndARelativeDesktopFolderIsIgnored() {
    assertEquals(HOME, root(Map.of("GATUN_CACHE", "", "XDG_CACHE_HOME", "b")));
    assertEquals(Path.of("a").toAbsolutePath(), root(Map.of("GATUN_CACHE", "a")));
  }
}
