// RawClient: a connection that says exactly what a test wants said.
package dev.gatun.server;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.net.Socket;
import java.net.SocketException;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.util.Locale;
import java.util.function.Predicate;

final class RawClient implements AutoCloseable {
  private static final String HOST = "Host: localhost\r\n";
  private static final int MOST_WAIT = 60_000;

  private final Socket socket;
  private final InputStream in;

  /** One answer. */
  record Reply(int status, String head, String body) {
    boolean has(String header) {
      return head.contains("\r\n" + header + "\r\n");
    }

    /** In JSON, with a reason. */
    void assertRefused(int expected) {
      assertEquals(expected, status, toString());
      JsonNode error = Json.parse(body.getBytes(StandardCharsets.UTF_8)).path("error");
      assertEquals(expected, error.path("code").asInt(), toString());
      assertFalse(error.path("message").asText().isEmpty(), toString());
      assertTrue(has("Content-Type: application/json"), head);
    }

    boolean closes() {
      return has("Connection: close") || !has("Content-Length: " + length());
    }

    private int length() {
      return body.getBytes(StandardCharsets.UTF_8).length;
    }
  }

  RawClient(URI server) throws IOException {
    socket = new Socket(server.getHost(), server.getPort());
    socket.setSoTimeout(MOST_WAIT); // a hang fails the test
    in = socket.getInputStream();
  }

  /** One request on a connection of its own. */
  static Reply ask(URI server, String request) throws IOException {
    try (RawClient client = new RawClient(server)) {
      client.send(request);
      return client.reply();
    }
  }

  /** Asks again until the body is as it must become; a test's own time limit ends it otherwise. */
  static String askUntil(URI server, String path, Predicate<String> becomes) throws IOException {
    try (RawClient client = new RawClient(server)) {
      String body;
      do {
        body = client.send(get(path)).reply().body();
      } while (!becomes.test(body));
      return body;
    }
  }

  static String get(String path, String... headers) {
    return head("GET", path, headers) + "\r\n";
  }

  static String post(String path, String body, String... headers) {
    int length = body.getBytes(StandardCharsets.UTF_8).length;
    return head("POST", path, headers)
        + "Content-Type: application/json\r\nContent-Length: "
        + length
        + "\r\n\r\n"
        + body;
  }

  static String head(String method, String path, String... headers) {
    StringBuilder head = new StringBuilder(method + " " + path + " HTTP/1.1\r\n" + HOST);
    for (String header : headers) {
      head.append(header).append("\r\n");
    }
    return head.toString();
  }

  RawClient send(String text) throws IOException {
    return send(text.getBytes(StandardCharsets.UTF_8));
  }

  RawClient send(byte[] bytes) throws IOException {
    socket.getOutputStream().write(bytes);
    return this;
  }

  /** Says no more, and goes on listening. */
  RawClient endOutput() throws IOException {
    socket.shutdownOutput();
    return this;
  }

  /** The next answer, whose length its head tells, else all that comes; status 0 for none. */
  Reply reply() throws IOException {
    return reply(true);
  }

  /** One to HEAD has no body. */
  Reply reply(boolean hasBody) throws IOException {
    String head = until("\r\n\r\n");
    if (head.isEmpty()) {
      return new Reply(0, "", "");
    }
    int status = Integer.parseInt(head.split(" ", 3)[1]);
    String length = "\r\ncontent-length: ";
    int at = head.toLowerCase(Locale.ROOT).indexOf(length);
    if (status == 100) {
      return reply(hasBody);
    }
    if (!hasBody || status == 204) {
      return new Reply(status, head, "");
    }
    byte[] body =
        at < 0
            ? in.readAllBytes()
            : in.readNBytes(
                Integer.parseInt(head.substring(at + length.length()).split("\r\n", 2)[0]));
    return new Reply(status, head, new String(body, StandardCharsets.UTF_8));
  }

  /** All up to this text and it; what had come where the connection ends before. */
  String until(String end) throws IOException {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    String text = "";
    while (!text.endsWith(end)) {
      int next = in.read();
      if (next < 0) {
        break;
      }
      bytes.write(next);
      text = next == end.charAt(end.length() - 1) ? bytes.toString(StandardCharsets.UTF_8) : text;
    }
    return bytes.toString(StandardCharsets.UTF_8);
  }

  /** All that comes until the server closes the connection. */
  String rest() throws IOException {
    try {
      return new String(in.readAllBytes(), StandardCharsets.UTF_8);
    } catch (SocketException e) {
      return ""; // reset: closed while bytes of ours were unread
    }
  }

  /** Ends the connection by a reset, which leaves no port behind that waits. */
  void drop() {
    try {
      socket.setSoLinger(true, 0);
      socket.close();
    } catch (IOException e) {
      // It is gone already.
    }
  }

  @Override
  public void close() throws IOException {
    socket.close();
  }
}
