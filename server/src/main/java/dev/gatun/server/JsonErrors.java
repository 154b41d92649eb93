// JsonErrors: how requests that never reach a route are refused: in JSON, as all others.
package dev.gatun.server;

import java.nio.ByteBuffer;
import java.nio.charset.Charset;
import java.util.List;
import org.eclipse.jetty.http.HttpHeader;
import org.eclipse.jetty.server.Request;
import org.eclipse.jetty.server.Response;
import org.eclipse.jetty.server.handler.ErrorHandler;
import org.eclipse.jetty.util.Callback;

final class JsonErrors extends ErrorHandler {
  @Override
  protected boolean generateAcceptableResponse(
      Request request,
      Response response,
      Callback callback,
      String contentType,
      List<Charset> charsets,
      int code,
      String message,
      Throwable cause) {
    String reason = message == null ? "the request cannot be understood" : message;
    ApiError error =
        code >= 500 ? ApiError.internal(reason) : ApiError.http(code, "bad request: " + reason);
    byte[] body = Json.bytes(error.json());
    response.getHeaders().put(HttpHeader.CONTENT_TYPE, "application/json");
    response.write(true, ByteBuffer.wrap(body), callback);
    return true;
  }
}
