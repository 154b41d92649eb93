// RawClient: a connection that says exactly what a test wants said.
package dev.gatun.server;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.net.Socket;
import java.net.SocketException;
import java.net.URI;
import java.nio.charset.StandardCharsets;

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

  /** The next answer, whose length its head tells; the body of one to HEAD is empty. */
  Reply reply() throws IOException {
    return reply(true);
  }

  Reply reply(boolean hasBody) throws IOException {
    String head = until("\r\n\r\n");
    int status = Integer.parseInt(head.split(" ", 3)[1]);
    String length = "\r\ncontent-length: ";
    int at = head.toLowerCase(java.util.Locale.ROOT).indexOf(length);
    int count =
        hasBody && at >= 0
            ? Integer.parseInt(head.substring(at + length.length()).split("\r\n", 2)[0])
            : 0;
    return new Reply(status, head, new String(in.readNBytes(count), StandardCharsets.UTF_8));
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

  @Override
  public void close() throws IOException {
    socket.close();
  }
}
