// JsonErrors: how requests that never reach a route are refused: in JSON, as all others.
package dev.gatun.server;

import java.nio.ByteBuffer;
import java.time.Instant;
import java.util.List;
import org.eclipse.jetty.http.HttpHeader;
import org.eclipse.jetty.server.Request;
import org.eclipse.jetty.server.Response;
import org.eclipse.jetty.server.handler.ErrorHandler;
import org.eclipse.jetty.util.Callback;

final class JsonErrors extends ErrorHandler {
  private final LogWriter log;
  private final Metrics metrics;

  JsonErrors(LogWriter log, Metrics metrics) {
    this.log = log;
    this.metrics = metrics;
  }

  @Override
  public boolean errorPageForMethod(String method) {
    return true;
  }

  /** Whatever the request says that it accepts. */
  @Override
  protected void generateResponse(
      Request request,
      Response response,
      int code,
      String message,
      Throwable cause,
      Callback callback) {
    String reason = message == null ? "the request cannot be understood" : message;
    if (request.getAttribute(RequestHandler.CAME) == null) {
      tell(request, code, reason);
    }
    response.getHeaders().put(HttpHeader.CONTENT_TYPE, "application/json");
    response.write(true, ByteBuffer.wrap(Json.bytes(error(code, reason).json())), callback);
  }

  private void tell(Request request, int code, String reason) {
    log.add(
        Json.object()
            .put("time", Instant.now().toString())
            .put("client", Request.getRemoteAddr(request))
            .put("status", code)
            .put("error", reason));
    metrics.ended(code, List.of(), 0);
  }

  // 505 is the request's fault as well: a version of HTTP that nobody speaks here.
  private static ApiError error(int code, String reason) {
    return code == 500 ? ApiError.internal(reason) : ApiError.http(code, "bad request: " + reason);
  }
}
