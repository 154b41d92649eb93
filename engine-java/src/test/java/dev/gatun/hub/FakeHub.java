// FakeHub: a Hugging Face-like server on loopback that can cut, stall and lie.
package dev.gatun.hub;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Duration;
import java.util.HexFormat;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Function;
import java.util.stream.Collectors;

/**
 * Serves the files of one repository, owner/repo; a test may put itself before it. One request a
 * connection.
 */
final class FakeHub implements AutoCloseable {
  static final Patience SHORT =
      new Patience(Duration.ofSeconds(5), Duration.ofSeconds(3), 4, Duration.ofMillis(10));

  /** Header names in lower case. */
  record Request(String path, Map<String, String> headers) {
    boolean resolves(String file) {
      return path.equals("/owner/repo/resolve/main/" + file);
    }

    Optional<String> header(String name) {
      return Optional.ofNullable(headers.get(name));
    }
  }

  /**
   * Sends {@code send} bytes of the body, then closes, or is silent for as long as the client
   * stays.
   */
  record Response(int status, Map<String, String> headers, byte[] body, int send, boolean silent) {
    static Response of(int status, Map<String, String> headers, byte[] body) {
      return new Response(status, headers, body, body.length, false);
    }

    static Response text(int status, String text) {
      return of(status, Map.of(), text.getBytes(StandardCharsets.UTF_8));
    }

    Response cutAfter(int bytes) {
      return new Response(status, headers, body, bytes, false);
    }

    Response silentAfter(int bytes) {
      return new Response(status, headers, body, bytes, true);
    }
  }

  final Map<String, byte[]> files = new TreeMap<>();
  final List<Request> requests = new CopyOnWriteArrayList<>();
  volatile Function<Request, Optional<Response>> first = _ -> Optional.empty();
  volatile boolean ranges = true;
  private final ServerSocket server;

  FakeHub() throws IOException {
    server = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
    Thread.ofVirtual().start(this::accept);
  }

  String address() {
    return "http://127.0.0.1:" + server.getLocalPort();
  }

  FetchOptions options(Path cache) {
    return FetchOptions.fromEnvironment(
            Map.of("HF_ENDPOINT", address(), "GATUN_CACHE", cache.toString()), FetchListener.none())
        .withPatience(SHORT);
  }

  /** The requests for a file's content. */
  List<Request> asked(String file) {
    return requests.stream().filter(request -> request.resolves(file)).toList();
  }

  static String hash(String algorithm, byte[]... contents) {
    try {
      MessageDigest digest = MessageDigest.getInstance(algorithm);
      for (byte[] content : contents) {
        digest.update(content);
      }
      return HexFormat.of().formatHex(digest.digest());
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException(e);
    }
  }

  /**
   * As the real one lists: large files by the SHA-256 of their content, small text files by their
   * git id.
   */
  String tree() {
    return files.entrySet().stream()
        .map(file -> entry(file.getKey(), file.getValue()))
        .collect(
            Collectors.joining(",", "[{\"type\":\"directory\",\"path\":\"d\",\"size\":0},", "]"));
  }

  private static String entry(String path, byte[] content) {
    byte[] blob = ("blob " + content.length + "\0").getBytes(StandardCharsets.US_ASCII);
    String listed = "{\"type\":\"file\",\"path\":\"%s\",\"size\":%d,\"oid\":\"%s\"%s}";
    String lfs =
        ",\"lfs\":{\"oid\":\"" + hash("SHA-256", content) + "\",\"size\":" + content.length + "}";
    return String.format(
        Locale.ROOT,
        listed,
        path,
        content.length,
        hash("SHA-1", blob, content),
        path.endsWith(".json") ? "" : lfs);
  }

  Response answer(Request request) {
    if (request.path().equals("/api/models/owner/repo/tree/main?recursive=true")) {
      return Response.text(200, tree());
    }
    String prefix = "/owner/repo/resolve/main/";
    byte[] content =
        request.path().startsWith(prefix)
            ? files.get(request.path().substring(prefix.length()))
            : null;
    return content == null ? Response.text(404, "no such thing") : content(request, content);
  }

  private Response content(Request request, byte[] content) {
    String tag = "\"" + hash("SHA-256", content) + "\"";
    int from = 0;
    if (ranges && request.header("if-range").map(tag::equals).orElse(true)) {
      String range = request.header("range").orElse("bytes=0-");
      from = Integer.parseInt(range.substring("bytes=".length(), range.length() - 1));
    }
    if (from == 0) {
      return Response.of(200, Map.of("ETag", tag), content);
    }
    if (from >= content.length) {
      return Response.text(416, "");
    }
    byte[] rest = java.util.Arrays.copyOfRange(content, from, content.length);
    String range = "bytes " + from + "-" + (content.length - 1) + "/" + content.length;
    return Response.of(206, Map.of("ETag", tag, "Content-Range", range), rest);
  }

  private void accept() {
    while (!server.isClosed()) {
      try {
        Socket socket = server.accept();
        Thread.ofVirtual().start(() -> serve(socket));
      } catch (IOException e) {
        return; // closed
      }
    }
  }

  private void serve(Socket socket) {
    try (socket) {
      Request request = read(socket);
      requests.add(request);
      Response response = first.apply(request).orElseGet(() -> answer(request));
      OutputStream out = socket.getOutputStream();
      StringBuilder head =
          new StringBuilder("HTTP/1.1 " + response.status() + " x\r\nConnection: close\r\n");
      head.append("Content-Length: ").append(response.body().length).append("\r\n");
      response
          .headers()
          .forEach((name, value) -> head.append(name).append(": ").append(value).append("\r\n"));
      out.write(head.append("\r\n").toString().getBytes(StandardCharsets.US_ASCII));
      out.write(response.body(), 0, response.send());
      out.flush();
      if (response.silent()) {
        socket.getInputStream().read(); // returns when the client leaves
      }
    } catch (IOException e) {
      return; // the client has gone
    }
  }

  private static Request read(Socket socket) throws IOException {
    var in =
        new BufferedReader(
            new InputStreamReader(socket.getInputStream(), StandardCharsets.US_ASCII));
    String path = in.readLine().split(" ")[1];
    Map<String, String> headers = new TreeMap<>();
    for (String line = in.readLine(); !line.isEmpty(); line = in.readLine()) {
      int colon = line.indexOf(':');
      headers.put(
          line.substring(0, colon).toLowerCase(Locale.ROOT), line.substring(colon + 1).strip());
    }
    return new Request(URLDecoder.decode(path, StandardCharsets.UTF_8), headers);
  }

  @Override
  public void close() throws IOException {
    server.close();
  }
}
