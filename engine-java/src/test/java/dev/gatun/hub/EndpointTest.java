// EndpointTest: access, redirects and the forms in which a server lists files.
package dev.gatun.hub;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.gatun.refusal.Refusal;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class EndpointTest {
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

  private FetchOptions withToken(String token) {
    return FetchOptions.fromEnvironment(
            Map.of(
                "HF_ENDPOINT",
                hub.address(),
                "HF_TOKEN",
                token,
                "GATUN_CACHE",
                temp.resolve("cache").toString()),
            FetchListener.none())
        .withPatience(FakeHub.SHORT);
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
  void theTokenGoesToTheEndpointAndNowhereElse() throws IOException {
    put("m.gguf", 5000);
    try (FakeHub storage = new FakeHub()) {
      storage.files.putAll(hub.files);
      hub.first =
          request ->
              request.resolves("m.gguf")
                  ? Optional.of(
                      FakeHub.Response.of(
                          302,
                          Map.of("Location", storage.address() + "/owner/repo/resolve/main/m.gguf"),
                          new byte[0]))
                  : Optional.empty();
      HuggingFace.fetch("owner/repo", withToken("secret"));
      assertEquals(2, hub.requests.size());
      hub.requests.forEach(
          r -> assertEquals(Optional.of("Bearer secret"), r.header("authorization")));
      assertEquals(1, storage.requests.size());
      storage.requests.forEach(
          r -> assertFalse(r.headers().toString().contains("secret"), r.toString()));
    }
  }

  @Test
  void aNextPageOnAnotherHostGetsNoToken() throws IOException {
    try (FakeHub other = new FakeHub()) {
      other.first = _ -> Optional.of(FakeHub.Response.text(200, "[]"));
      put("m.gguf", 10);
      String next = "<" + other.address() + "/next>; rel=\"next\"";
      answer(
          "/api/models/owner/repo/tree",
          FakeHub.Response.of(
              200, Map.of("Link", next), hub.tree().getBytes(StandardCharsets.UTF_8)));
      HuggingFace.fetch("owner/repo", withToken("secret"));
      assertEquals(Optional.empty(), other.requests.getFirst().header("authorization"));
    }
  }

  @Test
  void furtherPagesOfTheListAreRead() {
    put("m-Q4_K_M.gguf", 10);
    hub.first =
        request ->
            request.path().endsWith("?recursive=true")
                ? Optional.of(
                    FakeHub.Response.of(
                        200,
                        Map.of("Link", "</page/2>; rel=\"next\""),
                        "[]".getBytes(StandardCharsets.UTF_8)))
                : request.path().equals("/page/2")
                    ? Optional.of(FakeHub.Response.text(200, hub.tree()))
                    : Optional.empty();
    assertTrue(Files.exists(HuggingFace.fetch("owner/repo", options())));
  }

  @Test
  void theDescriptionIsAskedWhereThereIsNoTree() {
    put("m.gguf", 10);
    hub.first =
        request ->
            request.path().contains("/tree/")
                ? Optional.of(FakeHub.Response.text(404, ""))
                : request.path().equals("/api/models/owner/repo/revision/main?blobs=true")
                    ? Optional.of(
                        FakeHub.Response.text(200, "{\"siblings\":[{\"rfilename\":\"m.gguf\"}]}"))
                    : Optional.empty();
    Path file = HuggingFace.fetch("owner/repo", options());
    int asked = hub.requests.size();
    assertEquals(file, HuggingFace.fetch("owner/repo", options().withOffline(true)));
    assertEquals(asked, hub.requests.size());
  }

  @ParameterizedTest
  @ValueSource(ints = {401, 403})
  void refusedAccessNamesTheToken(int status) {
    answer("/", FakeHub.Response.text(status, ""));
    assertTrue(refused("owner/repo").getMessage().contains("set HF_TOKEN"));
    Refusal set =
        assertThrows(Refusal.class, () -> HuggingFace.fetch("owner/repo", withToken("old")));
    assertTrue(set.getMessage().contains("HF_TOKEN is set but"), set.getMessage());
  }

  @Test
  void anAnswerThatIsNoListIsRefused() {
    answer("/api", FakeHub.Response.text(200, "<html>"));
    assertTrue(refused("owner/repo").getMessage().contains("the answer is no JSON"));
    answer("/api", FakeHub.Response.text(200, "[".repeat(5000)));
    assertTrue(refused("owner/repo").getMessage().contains("the answer is no JSON"));
    answer("/api", FakeHub.Response.text(200, "{}"));
    assertTrue(refused("owner/repo").getMessage().contains("lists no files"));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "/api/models/owner/repo/tree/main?recursive=true",
        "file:///etc/passwd",
        "http://[",
        ""
      })
  void redirectsThatLeadNowhereEnd(String location) {
    answer("/", FakeHub.Response.of(302, Map.of("Location", location), new byte[0]));
    assertEquals(Refusal.Reason.IO, refused("owner/repo").reason());
  }

  @ParameterizedTest
  @ValueSource(strings = {"huggingface.co", "ftp://host", "http://", "http://a b"})
  void anEndpointThatIsNoAddressIsAUsageError(String endpoint) {
    FetchOptions options =
        FetchOptions.fromEnvironment(
            Map.of("HF_ENDPOINT", endpoint, "GATUN_CACHE", temp.toString()), FetchListener.none());
    Refusal refusal = assertThrows(Refusal.class, () -> HuggingFace.fetch("owner/repo", options));
    assertEquals(Refusal.Reason.USAGE, refusal.reason());
    assertTrue(refusal.getMessage().contains("HF_ENDPOINT"), refusal.getMessage());
  }

  @Test
  void aTokenThatNoHeaderTakesIsAUsageError() {
    Refusal refusal =
        assertThrows(Refusal.class, () -> HuggingFace.fetch("owner/repo", withToken("a\nb")));
    assertEquals(Refusal.Reason.USAGE, refusal.reason());
    assertFalse(refusal.getMessage().contains("a b"), "the token is shown");
  }
}
