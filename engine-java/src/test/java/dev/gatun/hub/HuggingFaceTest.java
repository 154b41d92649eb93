// HuggingFaceTest: a repository's listing, access, cache and names.
package dev.gatun.hub;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.gatun.refusal.Refusal;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class HuggingFaceTest {
  @TempDir Path temp;
  private FakeHub hub;

  @BeforeEach
  void start() throws IOException {
    hub = new FakeHub();
  }

  @AfterEach
  void stop() throws IOException {
    hub.close();
  }

  private FetchOptions options() {
    return hub.options(temp.resolve("cache"));
  }

  private Refusal refused(String spec) {
    return assertThrows(Refusal.class, () -> HuggingFace.fetch(spec, options()));
  }

  private void put(String path, int size) {
    hub.files.put(path, DownloadTest.random(size, path.hashCode()));
  }

  private void answer(String start, FakeHub.Response response) {
    hub.first =
        request -> request.path().startsWith(start) ? Optional.of(response) : Optional.empty();
  }

  @Test
  void aFolderHasConfigurationTokenizerAndWeights() throws IOException {
    List<String> wanted =
        List.of(
            "config.json",
            "generation_config.json",
            "tokenizer.json",
            "tokenizer_config.json",
            "tiktoken.model",
            "chat_template.jinja",
            "model.safetensors.index.json",
            "model-00001-of-00002.safetensors",
            "model-00002-of-00002.safetensors");
    wanted.forEach(path -> put(path, 1000 + path.length()));
    List<String> other =
        List.of(
            "README.md",
            ".gitattributes",
            "consolidated.safetensors",
            "original/model.safetensors");
    other.forEach(path -> put(path, 10));
    Path folder = HuggingFace.fetch("owner/repo", options());
    assertEquals(temp.resolve("cache/hf/owner/repo/main"), folder);
    for (String path : wanted) {
      assertArrayEquals(hub.files.get(path), Files.readAllBytes(folder.resolve(path)), path);
    }
    other.forEach(path -> assertFalse(Files.exists(folder.resolve(path)), path));
  }

  @Test
  void allPartsOfASplitFileComeAndTheFirstIsReturned() {
    put("Q4/m-Q4_K_M-00001-of-00002.gguf", 50);
    put("Q4/m-Q4_K_M-00002-of-00002.gguf", 60);
    Path first = HuggingFace.fetch("owner/repo:q4_k_m", options());
    assertTrue(first.endsWith("Q4/m-Q4_K_M-00001-of-00002.gguf"));
    assertTrue(Files.exists(first.resolveSibling("m-Q4_K_M-00002-of-00002.gguf")));
  }

  @Test
  void namesWithSpacesAndSignsAreCoded() throws IOException {
    put("my model+100%.gguf", 70);
    Path file = HuggingFace.fetch("owner/repo:my model+100%.gguf", options());
    assertEquals(70, Files.size(file));
  }

  @Test
  void anUnknownRepositoryIsNamed() {
    Refusal unknown = refused("owner/rebo");
    assertEquals(Refusal.Reason.USAGE, unknown.reason());
    assertTrue(unknown.getMessage().contains("no repository owner/rebo"), unknown.getMessage());
  }

  @Test
  void anUnknownFileNamesItsNearest() {
    put("qwen-Q4_K_M.gguf", 10);
    put("other.gguf", 10);
    Refusal unknown = refused("owner/repo:qwem-Q4_K_M.gguf");
    assertEquals(Refusal.Reason.USAGE, unknown.reason());
    assertTrue(
        unknown.getMessage().contains("near it: qwen-Q4_K_M.gguf, other.gguf"),
        unknown.getMessage());
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "../../evil.gguf",
        "/etc/evil.gguf",
        "a/../../b.gguf",
        "a\\\\..\\\\b.gguf",
        "a//b.gguf",
        ".."
      })
  void namesThatLeadOutOfTheCacheAreRefused(String path) throws IOException {
    answer(
        "/api",
        FakeHub.Response.text(200, "[{\"type\":\"file\",\"path\":\"" + path + "\",\"size\":1}]"));
    Refusal refusal = refused("owner/repo");
    assertTrue(
        refusal.getMessage().contains("may lead out of the cache folder"), refusal.getMessage());
    try (var files = Files.walk(temp)) {
      assertTrue(files.noneMatch(file -> file.toString().endsWith(".gguf")));
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"repo", "a/b/c", "../b", "owner/..", "https://host/owner/repo", "owner/repo:", ""})
  void whatIsNoRepositoryIsAUsageError(String spec) {
    assertEquals(Refusal.Reason.USAGE, refused(spec).reason());
    assertEquals(List.of(), hub.requests);
  }

  @Test
  void aFileInTheFoldersPlaceIsNamed() throws IOException {
    put("m.gguf", 10);
    Files.writeString(temp.resolve("cache"), "not a folder");
    Refusal refusal = refused("owner/repo");
    assertEquals(Refusal.Reason.IO, refusal.reason());
    assertTrue(refusal.getMessage().contains("GATUN_CACHE"), refusal.getMessage());
  }

  @Test
  void moreThanTheDiskHoldsIsRefusedBeforeTheFirstByte() {
    answer(
        "/api",
        FakeHub.Response.text(
            200, "[{\"type\":\"file\",\"path\":\"m.gguf\",\"size\":281474976710656}]"));
    Refusal refusal = refused("owner/repo");
    assertTrue(refusal.getMessage().contains("281 TB are needed"), refusal.getMessage());
    assertEquals(List.of(), hub.asked("m.gguf"));
  }

  @Test
  void fetchesAtTheSameTimeShareOneDownload() throws InterruptedException, ExecutionException {
    put("m.gguf", 400_000);
    try (var threads = Executors.newVirtualThreadPerTaskExecutor()) {
      Callable<Path> fetch = () -> HuggingFace.fetch("owner/repo", options());
      for (Future<Path> file : threads.invokeAll(List.of(fetch, fetch, fetch, fetch))) {
        assertTrue(Files.exists(file.get()));
      }
    }
    assertEquals(1, hub.asked("m.gguf").size());
  }

  @Test
  void aFileThatChangedSinceIsNotTakenForTheOneListedNow() throws IOException {
    put("m-Q4_0.gguf", 1000);
    put("m-Q8_0.gguf", 2000);
    Path file = HuggingFace.fetch("owner/repo:Q4_0", options());
    hub.files.put("m-Q4_0.gguf", new byte[1000]);
    HuggingFace.fetch("owner/repo:Q8_0", options());
    assertEquals(file, HuggingFace.fetch("owner/repo:Q4_0", options()));
    assertArrayEquals(new byte[1000], Files.readAllBytes(file));
  }

  @Test
  void verifyFetchesADamagedFileAgain() throws IOException {
    put("m.gguf", 1000);
    Path file = HuggingFace.fetch("owner/repo", options());
    Files.write(file, new byte[1000]);
    FetchOptions verify = options().withVerify(true);
    assertThrows(Refusal.class, () -> HuggingFace.fetch("owner/repo", verify.withOffline(true)));
    HuggingFace.fetch("owner/repo", verify);
    assertArrayEquals(hub.files.get("m.gguf"), Files.readAllBytes(file));
  }

  @Test
  void offlineWithoutTheFileSaysSo() {
    Refusal refusal =
        assertThrows(
            Refusal.class, () -> HuggingFace.fetch("owner/repo", options().withOffline(true)));
    assertTrue(refusal.getMessage().contains("--offline"), refusal.getMessage());
    assertEquals(List.of(), hub.requests);
  }

  @Test
  void aServerThatIsGoneIsOneLine() throws IOException {
    hub.close();
    Refusal refusal = refused("owner/repo");
    assertEquals(Refusal.Reason.IO, refusal.reason());
    assertTrue(refusal.getMessage().contains("no connection to 127.0.0.1"), refusal.getMessage());
  }

  @Test
  void aListenerHearsOfEveryByte() {
    put("m.gguf", 5_000_000);
    List<String> begun = new ArrayList<>();
    List<Long> heard = new ArrayList<>();
    FetchListener listener =
        new FetchListener() {
          @Override
          public void tell(String line) {}

          @Override
          public Progress begin(String label, long total) {
            begun.add(label + " " + total);
            return new Progress() {
              @Override
              public void to(long done) {
                heard.add(done);
              }

              @Override
              public void close() {
                begun.add("closed");
              }
            };
          }
        };
    FetchOptions quiet = options();
    HuggingFace.fetch(
        "owner/repo",
        new FetchOptions(
            quiet.endpoint(),
            quiet.token(),
            quiet.cache(),
            "main",
            false,
            false,
            quiet.patience(),
            listener));
    assertEquals(List.of("owner/repo 5000000", "closed"), begun);
    assertEquals(heard.stream().sorted().toList(), heard);
    assertEquals(5_000_000, heard.getLast());
  }
}
