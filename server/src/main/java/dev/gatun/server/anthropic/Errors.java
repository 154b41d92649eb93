// Errors: a request that is not answered, as Anthropic's interface tells it.
package dev.gatun.server.anthropic;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.gatun.server.ApiError;
import dev.gatun.server.Json;

public final class Errors {
  private Errors() {}

  /** {@code {"type": "error", "error": {type, message}}}. */
  public static ObjectNode json(ApiError error) {
    ObjectNode root = Json.object().put("type", "error");
    root.putObject("error").put("type", type(error.status())).put("message", error.getMessage());
    return root;
  }

  private static String type(int status) {
    return switch (status) {
      case 401 -> "authentication_error";
      case 403 -> "permission_error";
      case 404 -> "not_found_error";
      case 413 -> "request_too_large";
      case 503 -> "overloaded_error";
      default -> status >= 500 ? "api_error" : "invalid_request_error";
    };
  }
}
