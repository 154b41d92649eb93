// Call: one HTTP request, and the answer to it.
package dev.gatun.server;

import com.fasterxml.jackson.databind.JsonNode;
import dev.gatun.chat.Cancellation;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Locale;
import java.util.Optional;
import org.eclipse.jetty.http.HttpHeader;
import org.eclipse.jetty.io.Content;
import org.eclipse.jetty.server.Request;
import org.eclipse.jetty.server.Response;

/** For the request's thread. */
public final class Call {
  private final Request request;
  private final Response response;
  private final Receiving receiving;
  private final LogLine log = new LogLine();

  Call(Request request, Response response, Receiving receiving) {
    this.request = request;
    this.response = response;
    this.receiving = receiving;
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
    int most = receiving.bodyBytes();
    if (request.getLength() > most) {
      throw ApiError.http(413, "the body is longer than " + most + " bytes (--max-body)");
    }
    try (InputStream in = Content.Source.asInputStream(request)) {
      ByteArrayOutputStream body = new ByteArrayOutputStream();
      byte[] piece = new byte[8192];
      for (int count = in.read(piece); count >= 0; count = in.read(piece)) {
        body.write(piece, 0, count);
        if (body.size() > most) {
          throw ApiError.http(413, "the body is longer than " + most + " bytes (--max-body)");
        }
      }
      receiving.received();
      return body.toByteArray();
    }
  }

  /** Answers with a JSON document. */
  public void answer(int status, JsonNode json) throws IOException {
    answer(status, "application/json", Json.bytes(json));
  }

  public void answer(int status, String type, byte[] body) throws IOException {
    response.setStatus(status);
    response.getHeaders().put(HttpHeader.CONTENT_TYPE, type);
    response.getHeaders().put(HttpHeader.CONTENT_LENGTH, body.length);
    Content.Sink.write(response, true, ByteBuffer.wrap(body));
  }

  public void answer(int status, String text) throws IOException {
    answer(status, "text/plain;charset=utf-8", text.getBytes(StandardCharsets.UTF_8));
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

  private OutputStream beginEvents() {
    response.setStatus(200);
    response.getHeaders().put(HttpHeader.CONTENT_TYPE, "text/event-stream;charset=utf-8");
    response.getHeaders().put(HttpHeader.CACHE_CONTROL, "no-cache");
    response.getHeaders().put("X-Accel-Buffering", "no"); // nginx would hold pieces back
    return Content.Sink.asOutputStream(response);
  }

  /**
   * What is cancelled when the client leaves; the body must have been read. The connection is
   * closed after the answer, since what else comes on it is read here.
   */
  public Cancellation whileClientStays() {
    response.getHeaders().put(HttpHeader.CONNECTION, "close");
    Cancellation cancellation = new Cancellation();
    ClientWatch.start(
        request.getConnectionMetaData().getConnection().getEndPoint(), cancellation::cancel);
    return cancellation;
  }

  int status() {
    return response.getStatus();
  }
}
