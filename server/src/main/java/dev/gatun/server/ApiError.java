// ApiError: a request that is not answered, as OpenAI's interface tells it.
package dev.gatun.server;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.gatun.refusal.Refusal;
import java.util.Optional;

/** Types and statuses are those of llama.cpp's server, which clients know. */
public final class ApiError extends RuntimeException {
  private static final long serialVersionUID = 1;

  private final int status;
  private final String type;
  private final String param;

  private ApiError(int status, String type, String message, String param) {
    super(message, null, false, false);
    this.status = status;
    this.type = type;
    this.param = param;
  }

  /** 400: the request is at fault. */
  public static ApiError invalid(String message) {
    return new ApiError(400, "invalid_request_error", message, null);
  }

  /** 400: a field is at fault. */
  public static ApiError invalid(String param, String message) {
    return new ApiError(400, "invalid_request_error", message, param);
  }

  /** 400: prompt and answer do not fit the context. */
  public static ApiError exceedsContext(String message) {
    return new ApiError(400, "exceed_context_size_error", message, "messages");
  }

  /** 401. */
  public static ApiError unauthenticated(String message) {
    return new ApiError(401, "authentication_error", message, null);
  }

  /** 403. */
  public static ApiError forbidden(String message) {
    return new ApiError(403, "permission_error", message, null);
  }

  /** 404. */
  public static ApiError notFound(String message) {
    return new ApiError(404, "not_found_error", message, null);
  }

  /** 503: later it may be answered. */
  public static ApiError unavailable(String message) {
    return new ApiError(503, "unavailable_error", message, null);
  }

  /** 500: the server is at fault. */
  public static ApiError internal(String message) {
    return new ApiError(500, "server_error", message, null);
  }

  /** Another 4xx status of HTTP. */
  public static ApiError http(int status, String message) {
    return new ApiError(status, "invalid_request_error", message, null);
  }

  /** What the engine refused. */
  public static ApiError of(Refusal refusal) {
    return switch (refusal.reason()) {
      case USAGE -> invalid(refusal.getMessage());
      case DOES_NOT_FIT -> unavailable(refusal.getMessage());
      case INTERRUPTED -> unavailable("the server is stopping");
      default -> internal(refusal.getMessage());
    };
  }

  /** What went wrong while a request was answered. */
  public static ApiError of(Throwable cause) {
    return switch (cause) {
      case ApiError error -> error;
      case Refusal refusal -> of(refusal);
      case IllegalStateException closed when "the engine is closed".equals(closed.getMessage()) ->
          unavailable("the server is stopping");
      default -> internal("an error of the server's own: " + cause);
    };
  }

  public int status() {
    return status;
  }

  public String type() {
    return type;
  }

  /** The field at fault, where it is one. */
  public Optional<String> param() {
    return Optional.ofNullable(param);
  }

  /** {@code {"error": {message, type, param, code}}}. */
  public ObjectNode json() {
    ObjectNode root = JsonNodeFactory.instance.objectNode();
    root.putObject("error")
        .put("message", getMessage())
        .put("type", type)
        .put("param", param)
        .put("code", status);
    return root;
  }
}
