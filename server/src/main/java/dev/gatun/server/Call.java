// Call: one HTTP request, and the answer to it.
package dev.gatun.server;

import com.fasterxml.jackson.databind.JsonNode;
import dev.gatun.chat.Cancellation;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Locale;
import java.util.Optional;
import java.util.concurrent.TimeoutException;
import org.eclipse.jetty.http.HttpException;
import org.eclipse.jetty.http.HttpHeader;
import org.eclipse.jetty.io.Content;
import org.eclipse.jetty.io.EofException;
import org.eclipse.jetty.server.Request;
import org.eclipse.jetty.server.Response;

/** For the request's thread. */
public final class Call implements AutoCloseable {
  /** Bytes of a body of which tokens are made in a second at most. */
  private static final int LONG = 1 << 20;

  private final Request request;
  private final Response response;
  private final Patience patience;
  private final BodyBudget bodies;
  private final Progress progress;
  private final LogLine log = new LogLine();
  private int held; // bytes of the body
  private volatile boolean clientLeft;

  Call(
      Request request, Response response, Patience patience, BodyBudget bodies, Progress progress) {
    this.request = request;
    this.response = response;
    this.patience = patience;
    this.bodies = bodies;
    this.progress = progress;
  }

  public String method() {
    return request.getMethod();
  }

  /** Without the query. */
  public String path() {
    return Request.getPathInContext(request);
  }

  public Optional<String> header(String name) {
    return Optional.ofNullable(request.getHeaders().get(name));
  }

  /** What the request's line in the log says beside its status. */
  public LogLine log() {
    return log;
  }

  /** How far the request's answers are. */
  public Progress progress() {
    return progress;
  }

  /** Whether its body is long enough to take a processor for a while, or may be. */
  boolean isLong() {
    long length = request.getLength();
    return length > LONG || length < 0 && request.getHeaders().contains("Transfer-Encoding");
  }

  /** The client's address. */
  String client() {
    return Request.getRemoteAddr(request);
  }

  /**
   * The body as JSON.
   *
   * @throws ApiError 415 where it is said to be something else, so that no page of another site can
   *     send one unasked; 413 where it is too long; 408 where it does not come; 400
   */
  public JsonNode json() throws IOException {
    String type = header("Content-Type").orElse("").toLowerCase(Locale.ROOT).split(";")[0].strip();
    if (!type.equals("application/json")) {
      throw ApiError.http(415, "the body is no application/json; send that as Content-Type");
    }
    if (header("Content-Encoding").filter(coding -> !coding.equals("identity")).isPresent()) {
      throw ApiError.http(415, "the body is compressed; send it plain");
    }
    return Json.parse(body());
  }

  private byte[] body() throws IOException {
    int most = patience.bodyBytes();
    if (request.getLength() > most) {
      throw ApiError.http(413, "the body is longer than " + most + " bytes (--max-body)");
    }
    patience.awaits();
    try (InputStream in = Content.Source.asInputStream(request)) {
      ByteArrayOutputStream body = new ByteArrayOutputStream();
      byte[] piece = new byte[8192];
      for (int count = in.read(piece); count >= 0; count = in.read(piece)) {
        hold(count);
        body.write(piece, 0, count);
        if (body.size() > most) {
          throw ApiError.http(413, "the body is longer than " + most + " bytes (--max-body)");
        }
      }
      patience.received();
      return body.toByteArray();
    } catch (IOException e) {
      throw unread(e);
    }
  }

  private void hold(int bytes) {
    bodies.take(bytes);
    held += bytes;
  }

  /** What is wrong with a body that cannot be read. */
  private static ApiError unread(IOException failure) throws IOException {
    for (Throwable cause = failure; cause != null; cause = cause.getCause()) {
      if (cause instanceof HttpException wrong) {
        return ApiError.http(wrong.getCode(), "the body cannot be read: " + wrong.getReason());
      }
      if (cause instanceof TimeoutException) {
        return ApiError.http(408, "the body did not come in time (--request-timeout)");
      }
    }
    throw failure;
  }

  /** Answers with a JSON document. */
  public void answer(int status, JsonNode json) throws IOException {
    answer(status, "application/json", Json.bytes(json));
  }

  public void answer(int status, String type, byte[] body) throws IOException {
    if (clientLeft) {
      throw new EofException("nobody is there to answer");
    }
    if (!request.consumeAvailable()) {
      // What is left of a body that nobody wants would be read as the next request.
      response.getHeaders().put(HttpHeader.CONNECTION, "close");
    }
    response.setStatus(status);
    response.getHeaders().put(HttpHeader.CONTENT_TYPE, type);
    response.getHeaders().put(HttpHeader.CONTENT_LENGTH, body.length);
    write(true, body);
  }

  /** Who takes it too slowly is cut off. */
  private void write(boolean last, byte[] piece) throws IOException {
    patience.sends();
    Content.Sink.write(response, last, ByteBuffer.wrap(piece));
    patience.sent();
  }

  public void answer(int status, String text) throws IOException {
    answer(status, "text/plain;charset=utf-8", text.getBytes(StandardCharsets.UTF_8));
  }

  /** What is asked is understood: the log and {@code GET /slots} name it from now on. */
  public void begin(String id, ServedModel served, boolean stream, int promptTokens) {
    log.add("id", id);
    log.add("model", served.name());
    log.add("stream", stream);
    progress().begin(id, promptTokens);
  }

  /** A header of the answer, before it begins. */
  public void set(String name, String value) {
    response.getHeaders().put(name, value);
  }

  /** Whether the answer has begun, so that its status cannot change any more. */
  public boolean begun() {
    return response.isCommitted();
  }

  /** An answer that is written piece by piece, as server-sent events. */
  public EventStream events() {
    return new EventStream(this::beginEvents, log);
  }

  private EventStream.Pieces beginEvents() {
    response.setStatus(200);
    response.getHeaders().put(HttpHeader.CONTENT_TYPE, "text/event-stream;charset=utf-8");
    response.getHeaders().put(HttpHeader.CACHE_CONTROL, "no-cache");
    response.getHeaders().put("X-Accel-Buffering", "no"); // nginx would hold pieces back
    // Jetty leaves it out where the connection closes, and a cut would look like the end then.
    response.getHeaders().put(HttpHeader.TRANSFER_ENCODING, "chunked");
    return this::write;
  }

  /**
   * What is cancelled when the client leaves; the body must have been read. The connection is
   * closed after the answer, since what else comes on it is read here.
   */
  public Cancellation whileClientStays() {
    response.getHeaders().put(HttpHeader.CONNECTION, "close");
    patience.asksNoMore();
    Cancellation cancellation = new Cancellation();
    ClientWatch.start(
        request.getConnectionMetaData().getConnection().getEndPoint(),
        () -> {
          clientLeft = true;
          cancellation.cancel();
        });
    return cancellation;
  }

  /** Of the answer; 499, as nginx has it, where the client left before that began. */
  int status() {
    return clientLeft && !begun() ? 499 : response.getStatus();
  }

  /** Gives back what it holds. */
  @Override
  public void close() {
    progress.close();
    bodies.give(held);
  }
}
