// Route: what answers the requests of one path and method.
package dev.gatun.server;

import java.io.IOException;

/** Called by a thread of the request's own, which may wait. */
@FunctionalInterface
public interface Route {
  /**
   * @throws ApiError where the request is not answered
   */
  void answer(Call call) throws IOException;
}
