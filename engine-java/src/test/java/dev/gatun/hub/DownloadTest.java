// DownloadTest: one file over a network that cuts, stalls and lies.
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
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

class DownloadTest {
  private static final String MODEL = "m-Q4_K_M.gguf";
  private static final String SPEC = "owner/repo";

  @TempDir Path cache;
  private FakeHub hub;
  private byte[] content;

  @BeforeEach
  void start() throws IOException {
    hub = new FakeHub();
    content = random(3_000_000, 1);
    hub.files.put(MODEL, content);
  }

  @AfterEach
  void stop() throws IOException {
    hub.close();
  }

  static byte[] random(int size, long seed) {
    byte[] bytes = new byte[size];
    new Random(seed).nextBytes(bytes);
    return bytes;
  }

  private Path fetch() {
    return HuggingFace.fetch(SPEC, hub.options(cache));
  }

  private Refusal refused() {
    return assertThrows(Refusal.class, this::fetch);
  }

  /** The first {@code times} requests for the model get an altered answer. */
  private void alter(int times, UnaryOperator<FakeHub.Response> change) {
    AtomicInteger left = new AtomicInteger(times);
    hub.first =
        request ->
            request.resolves(MODEL) && left.getAndDecrement() > 0
                ? Optional.of(change.apply(hub.answer(request)))
                : Optional.empty();
  }

  private List<String> left() throws IOException {
    Path folder = cache.resolve("hf/owner/repo/main");
    try (Stream<Path> files = Files.list(folder)) {
      return files
          .map(file -> file.getFileName().toString())
          .filter(name -> !name.startsWith("."))
          .sorted()
          .toList();
    }
  }

  private void assertWhole(Path file) throws IOException {
    assertArrayEquals(content, Files.readAllBytes(file));
    assertEquals(List.of(MODEL), left());
  }

  @Test
  void bringsTheFileOnceAndThenAsksNoOne() throws IOException {
    assertWhole(fetch());
    int asked = hub.requests.size();
    Path again = HuggingFace.fetch(SPEC, hub.options(cache).withOffline(true));
    assertWhole(again);
    assertEquals(asked, hub.requests.size());
  }

  @Test
  void goesOnWhereTheConnectionWasCut() throws IOException {
    alter(1, response -> response.cutAfter(2_000_000));
    assertWhole(fetch());
    FakeHub.Request second = hub.asked(MODEL).get(1);
    assertEquals(Optional.of("bytes=2000000-"), second.header("range"));
    assertEquals(
        Optional.of("\"" + FakeHub.hash("SHA-256", content) + "\""), second.header("if-range"));
  }

  @Test
  void goesOnAfterGivingUpInAnEarlierRun() throws IOException {
    alter(4, response -> response.cutAfter(Math.min(1000, response.body().length)));
    Refusal cut = refused();
    assertEquals(Refusal.Reason.IO, cut.reason());
    assertTrue(cut.getMessage().contains("4 failed attempts"), cut.getMessage());
    assertFalse(Files.exists(cache.resolve("hf/owner/repo/main/" + MODEL)));
    assertWhole(fetch());
    assertEquals(Optional.of("bytes=4000-"), hub.asked(MODEL).get(4).header("range"));
  }

  @Test
  void attemptsThatBringTheFileOnAreNotCounted() throws IOException {
    content = random(12_000_000, 2);
    hub.files.put(MODEL, content);
    alter(8, response -> response.cutAfter(Math.min(1_300_000, response.body().length)));
    assertWhole(fetch());
  }

  @Test
  @Timeout(60) // a client that stays waits for ever
  void aSilentConnectionIsLeftAndTriedAgain() throws IOException {
    alter(1, response -> response.silentAfter(500_000));
    assertWhole(fetch());
  }

  @Test
  void startsOverWhereTheServerHasNoRanges() throws IOException {
    hub.ranges = false;
    alter(1, response -> response.cutAfter(2_000_000));
    assertWhole(fetch());
  }

  @Test
  void startsOverWhenTheFileChangesBetweenAttempts() throws IOException {
    byte[] old = content;
    AtomicInteger asked = new AtomicInteger();
    content = random(old.length, 3);
    // Listed as the new one from the start; the storage sends the old one first.
    hub.files.put(MODEL, content);
    hub.first =
        request -> {
          if (!request.resolves(MODEL) || asked.getAndIncrement() > 0) {
            return Optional.empty();
          }
          return Optional.of(
              FakeHub.Response.of(200, Map.of("ETag", "\"old\""), old).cutAfter(1_000_000));
        };
    assertWhole(fetch());
    assertEquals(Optional.of("\"old\""), hub.asked(MODEL).get(1).header("if-range"));
  }

  @Test
  void startsOverWhenTheServerIgnoresTheTag() throws IOException {
    byte[] old = random(content.length, 4);
    AtomicInteger asked = new AtomicInteger();
    hub.first =
        request ->
            switch (request.resolves(MODEL) ? asked.getAndIncrement() : 9) {
              case 0 ->
                  Optional.of(
                      FakeHub.Response.of(200, Map.of("ETag", "\"old\""), old).cutAfter(1_000_000));
              case 1 -> {
                var untagged = new java.util.TreeMap<>(request.headers());
                untagged.remove("if-range");
                yield Optional.of(hub.answer(new FakeHub.Request(request.path(), untagged)));
              }
              default -> Optional.empty();
            };
    assertWhole(fetch());
    assertEquals(3, hub.asked(MODEL).size());
  }

  @Test
  void aWrongChecksumLeavesNothing() throws IOException {
    alter(
        1,
        response -> FakeHub.Response.of(200, Map.of("ETag", "\"t\""), random(content.length, 5)));
    Refusal wrong = refused();
    assertEquals(Refusal.Reason.IO, wrong.reason());
    assertTrue(wrong.getMessage().contains("checksum of " + MODEL), wrong.getMessage());
    assertEquals(List.of(), left());
    assertWhole(fetch());
  }

  @Test
  void aDamagedPartIsFoundByTheChecksum() throws IOException {
    alter(4, response -> response.cutAfter(Math.min(1000, response.body().length)));
    refused();
    Path part = cache.resolve("hf/owner/repo/main/" + MODEL + ".part");
    byte[] damaged = Files.readAllBytes(part);
    damaged[7] ^= 1;
    Files.write(part, damaged);
    assertTrue(refused().getMessage().contains("checksum"));
    assertEquals(List.of(), left());
  }

  @Test
  void anotherSizeThanListedIsRefused() {
    alter(1, response -> FakeHub.Response.text(200, "<html>please log in to this network</html>"));
    Refusal refusal = refused();
    assertTrue(refusal.getMessage().contains("3000000 bytes and sends 42"), refusal.getMessage());
  }

  @Test
  void aBusyServerIsAskedAgain() throws IOException {
    alter(2, response -> FakeHub.Response.text(503, "later"));
    assertWhole(fetch());
    assertEquals(3, hub.asked(MODEL).size());
  }

  @Test
  void aFullDiskIsNamedAndNotTriedAgain() throws IOException {
    alter(4, response -> response.cutAfter(0));
    refused();
    // The device that is always full stands in for the partial file.
    Path part = cache.resolve("hf/owner/repo/main/" + MODEL + ".part");
    Files.delete(part);
    Files.createSymbolicLink(part, Path.of("/dev/full"));
    int asked = hub.asked(MODEL).size();
    Refusal full = refused();
    assertEquals(Refusal.Reason.IO, full.reason());
    assertTrue(full.getMessage().contains("No space left on device"), full.getMessage());
    assertTrue(full.getMessage().contains("GATUN_CACHE"), full.getMessage());
    assertEquals(asked + 1, hub.asked(MODEL).size());
    Files.delete(part);
  }

  @Test
  void anInterruptEndsItAndKeepsWhatHasCome() throws IOException, InterruptedException {
    alter(1, response -> response.silentAfter(1_000_000));
    Path part = cache.resolve("hf/owner/repo/main/" + MODEL + ".part");
    Thread fetching = Thread.currentThread();
    Thread ctrlC =
        Thread.ofVirtual()
            .start(
                () -> {
                  while (!Files.exists(part)) {
                    Thread.onSpinWait();
                  }
                  fetching.interrupt();
                });
    Patience endless = new Patience(Duration.ofDays(1), Duration.ofDays(1), 1, Duration.ofDays(1));
    Refusal refusal =
        assertThrows(
            Refusal.class, () -> HuggingFace.fetch(SPEC, hub.options(cache).withPatience(endless)));
    ctrlC.join();
    assertEquals(Refusal.Reason.INTERRUPTED, refusal.reason());
    assertTrue(Files.exists(part));
    assertWhole(fetch());
  }
}
