// OpenApi: GET /openapi.json, what all routes take and answer.
package dev.gatun.server;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;

/** The document is written by hand; a test compares it with what the routes take. */
final class OpenApi implements Route {
  private static final byte[] DOCUMENT = document();

  private static byte[] document() {
    try (InputStream in = OpenApi.class.getResourceAsStream("openapi.json")) {
      return in.readAllBytes();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  @Override
  public void answer(Call call) throws IOException {
    call.answer(200, "application/json", DOCUMENT);
  }
}
