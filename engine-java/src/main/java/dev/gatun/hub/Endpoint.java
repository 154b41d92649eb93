// Endpoint: asks a Hugging Face-compatible server, with the token and through redirects.
package dev.gatun.hub;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.gatun.refusal.Refusal;
import java.io.IOException;
import java.net.URI;
import java.net.URLEncoder;
import java.net.UnknownHostException;
import java.net.http.HttpClient;
import java.net.http.HttpHeaders;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.ByteBuffer;
import java.nio.channels.UnresolvedAddressException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Flow;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/**
 * A connection to the server of the options. What may go better at another try is an IOException,
 * all else a Refusal.
 */
final class Endpoint implements AutoCloseable {
  private static final int REDIRECTS = 10;
  private static final int PAGES = 1000;
  private static final int JSON_BYTES = 64 << 20;
  private static final Pattern NEXT = Pattern.compile("<([^>]+)>\\s*;\\s*rel=\"?next\"?");
  private static final ObjectMapper JSON = new ObjectMapper();

  private final URI base;
  private final FetchOptions options;
  private final HttpClient client;

  /**
   * An answer of status 2xx, 404 or 416.
   *
   * @param headers of the host that sends the body, which may be another than the endpoint's
   */
  record Answer(int status, HttpHeaders headers, Body body) implements AutoCloseable {
    @Override
    public void close() {
      body.close();
    }
  }

  Endpoint(FetchOptions options) {
    this.options = options;
    this.base = base(options.endpoint());
    this.client =
        HttpClient.newBuilder()
            .version(HttpClient.Version.HTTP_1_1)
            .connectTimeout(options.patience().connect())
            .followRedirects(HttpClient.Redirect.NEVER) // we follow, to keep the token back
            .build();
  }

  private static URI base(String endpoint) {
    try {
      URI uri = URI.create(endpoint.replaceAll("/+$", ""));
      if (uri.getHost() != null && String.valueOf(uri.getScheme()).matches("https?")) {
        return uri;
      }
    } catch (IllegalArgumentException e) {
      throw notAnAddress(endpoint);
    }
    throw notAnAddress(endpoint);
  }

  private static Refusal notAnAddress(String endpoint) {
    return Refusal.usage(
        "HF_ENDPOINT is \"" + endpoint + "\", which is no address", "write http[s]://host[:port]");
  }

  String host() {
    return host(base);
  }

  // Not the authority, which may hold a password.
  private static String host(URI address) {
    return address.getPort() < 0 ? address.getHost() : address.getHost() + ":" + address.getPort();
  }

  /** Opens a file of a repository; the headers go along on every redirect. */
  Answer file(RepoName name, String path, Map<String, String> headers)
      throws IOException, InterruptedException {
    return open(
        address("/" + name.id() + "/resolve/" + coded(options.revision()) + "/" + codedPath(path)),
        headers);
  }

  /** The files of a repository, by the tree and failing that by the model's description. */
  List<RemoteFile> list(RepoName name) throws IOException, InterruptedException {
    String model = "/api/models/" + name.id();
    Optional<List<RemoteFile>> tree =
        tree(address(model + "/tree/" + coded(options.revision()) + "?recursive=true"));
    if (tree.isPresent()) {
      return tree.get();
    }
    try (Answer answer =
        open(address(model + "/revision/" + coded(options.revision()) + "?blobs=true"), Map.of())) {
      if (answer.status() == 404) {
        throw Refusal.usage(
            host() + " has no repository " + name.id() + " with a revision " + options.revision(),
            "check the spelling of -hf owner/repo");
      }
      return Listing.siblings(json(answer))
          .orElseThrow(() -> new IOException("the answer lists no files"));
    }
  }

  // A long tree comes in pages, each naming the next. Empty where the server knows no such request.
  private Optional<List<RemoteFile>> tree(URI first) throws IOException, InterruptedException {
    List<RemoteFile> files = new ArrayList<>();
    Optional<URI> page = Optional.of(first);
    for (int i = 0; page.isPresent(); i++) {
      try (Answer answer = open(page.get(), Map.of())) {
        Optional<List<RemoteFile>> some =
            answer.status() == 404 ? Optional.empty() : Listing.tree(json(answer));
        if (some.isEmpty()) {
          return Optional.empty();
        }
        files.addAll(some.get());
        Matcher next = NEXT.matcher(answer.headers().firstValue("link").orElse(""));
        page = next.find() ? Optional.of(resolve(first, next.group(1))) : Optional.empty();
      }
      if (i == PAGES) {
        throw new IOException("the list of files has no end");
      }
    }
    return Optional.of(files);
  }

  private static JsonNode json(Answer answer) throws IOException, InterruptedException {
    try {
      return JSON.readTree(answer.body().all(JSON_BYTES));
    } catch (JsonProcessingException e) {
      throw new IOException("the answer is no JSON: " + e.getOriginalMessage(), e);
    }
  }

  private Answer open(URI first, Map<String, String> headers)
      throws IOException, InterruptedException {
    URI address = first;
    for (int i = 0; i <= REDIRECTS; i++) {
      HttpResponse<Flow.Publisher<List<ByteBuffer>>> response = send(address, headers);
      Answer answer =
          new Answer(
              response.statusCode(),
              response.headers(),
              new Body(response.body(), options.patience().stall()));
      if (answer.status() / 100 == 2 || answer.status() == 404 || answer.status() == 416) {
        return answer;
      }
      answer.close();
      if (answer.status() / 100 != 3) {
        throw refused(answer, address);
      }
      address = resolve(address, answer.headers().firstValue("location").orElse(""));
    }
    throw Refusal.io(host() + " redirects in a circle", "check HF_ENDPOINT", null);
  }

  private HttpResponse<Flow.Publisher<List<ByteBuffer>>> send(
      URI address, Map<String, String> headers) throws IOException, InterruptedException {
    var future = client.sendAsync(request(address, headers), BodyHandlers.ofPublisher());
    try {
      return future.get(options.patience().stall().toMillis(), TimeUnit.MILLISECONDS);
    } catch (InterruptedException e) {
      future.cancel(true);
      throw e;
    } catch (TimeoutException e) {
      future.cancel(true);
      throw new IOException("no answer for " + Figures.seconds(options.patience().stall()), e);
    } catch (ExecutionException e) {
      throw unreachable(address, e.getCause());
    }
  }

  private static IOException unreachable(URI address, Throwable cause) {
    for (Throwable t = cause; t != null; t = t.getCause()) {
      if (t instanceof UnresolvedAddressException || t instanceof UnknownHostException) {
        throw Refusal.io(
            "the address of " + address.getHost() + " was not found",
            "check the network and HF_ENDPOINT; what is in the cache works without",
            cause);
      }
    }
    String said = Optional.ofNullable(cause.getMessage()).map(text -> ": " + text).orElse("");
    return new IOException("no connection to " + host(address) + said, cause);
  }

  private HttpRequest request(URI address, Map<String, String> headers) {
    HttpRequest.Builder request = HttpRequest.newBuilder(address).header("User-Agent", "gatun");
    headers.forEach(request::header);
    if (sameOrigin(address) && options.token().isPresent()) {
      try {
        request.header("Authorization", "Bearer " + options.token().get());
      } catch (IllegalArgumentException e) {
        throw Refusal.usage(
            "HF_TOKEN holds characters that no token has", "set it to the token alone");
      }
    }
    return request.build();
  }

  private boolean sameOrigin(URI address) {
    return base.getScheme().equals(address.getScheme())
        && base.getHost().equalsIgnoreCase(address.getHost())
        && base.getPort() == address.getPort();
  }

  // An address that the server names: never from https down to http, nor to a file.
  private static URI resolve(URI from, String named) throws IOException {
    try {
      URI to = from.resolve(named);
      String scheme = String.valueOf(to.getScheme());
      if (to.getHost() != null && (scheme.equals("https") || scheme.equals(from.getScheme()))) {
        return to;
      }
    } catch (IllegalArgumentException e) {
      throw new IOException(from.getHost() + " refers to what is no address", e);
    }
    throw Refusal.io(
        from.getHost() + " refers to \"" + named + "\", which is not followed",
        "check HF_ENDPOINT",
        null);
  }

  // A storage host that refuses has let a signed address expire: asked again, the endpoint signs a
  // new one.
  private RuntimeException refused(Answer answer, URI address) throws IOException {
    int status = answer.status();
    if (status >= 500 || status == 429 || status == 408 || !sameOrigin(address)) {
      throw new Retry.Busy(address.getHost() + " answers HTTP " + status, answer.headers());
    }
    String said =
        answer.headers().firstValue("x-error-message").map(text -> ": " + text).orElse("");
    if (status == 401 || status == 403) {
      String remedy =
          options.token().isEmpty()
              ? "set HF_TOKEN to a token that may read it, or check the spelling"
              : "HF_TOKEN is set but may not read it: accept the licence on the repository's page"
                  + " or use another token";
      return Refusal.io(
          host()
              + " refuses "
              + address.getPath()
              + " (HTTP "
              + status
              + "): gated, private or missing"
              + said,
          remedy,
          null);
    }
    return Refusal.io(
        host() + " answers HTTP " + status + " for " + address.getPath() + said,
        "check HF_ENDPOINT",
        null);
  }

  private URI address(String pathAndQuery) {
    return URI.create(base + pathAndQuery);
  }

  private static String codedPath(String path) {
    return Arrays.stream(path.split("/")).map(Endpoint::coded).collect(Collectors.joining("/"));
  }

  static String coded(String part) {
    return URLEncoder.encode(part, StandardCharsets.UTF_8).replace("+", "%20");
  }

  @Override
  public void close() {
    client.shutdownNow(); // close() would wait for connections that may be silent
  }
}
