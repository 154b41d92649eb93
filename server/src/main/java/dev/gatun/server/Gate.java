// Gate: who may ask: by the Host named, the page's origin, and the key.
package dev.gatun.server;

import dev.gatun.server.ServerOptions.Access;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/** For any threads. */
final class Gate {
  private final Access access;
  private final boolean loopback;
  private final List<byte[]> keys;

  /**
   * @param loopback whether the server listens on the loopback alone
   */
  Gate(Access access, boolean loopback) {
    this.access = access;
    this.loopback = loopback;
    keys = access.keys().stream().map(Gate::digest).toList();
  }

  /**
   * Refuses names that are not this machine's: a page of another site whose name was made to point
   * here (DNS rebinding) would else speak with the server as if it were its own.
   */
  void checkHost(Call call) {
    String host = name(call.header("Host").orElse(""));
    boolean local =
        host.equals("localhost")
            || host.endsWith(".localhost")
            || host.equals("::1")
            || host.matches("127\\.\\d{1,3}\\.\\d{1,3}\\.\\d{1,3}");
    if (loopback && !local && !access.hosts().contains(host)) {
      throw ApiError.forbidden(
          "the server listens on this machine alone, and was asked as \""
              + host
              + "\"; allow that name with --allowed-host");
    }
  }

  /** The origin that may read the answer, where the request names one that may. */
  Optional<String> allowedOrigin(Call call) {
    return call.header("Origin")
        .filter(origin -> access.origins().contains("*") || access.origins().contains(origin));
  }

  /** Compares in a time that does not depend on how much of a key is right. */
  void checkKey(Call call) {
    if (keys.isEmpty()) {
      return;
    }
    Optional<String> key =
        call.header("Authorization")
            .filter(value -> value.regionMatches(true, 0, "Bearer ", 0, 7))
            .map(value -> value.substring(7).strip())
            .or(() -> call.header("x-api-key"));
    byte[] given = digest(key.orElse(""));
    boolean known = false;
    for (byte[] each : keys) {
      known |= MessageDigest.isEqual(each, given);
    }
    if (!known) {
      throw ApiError.unauthenticated(
          key.isPresent()
              ? "the API key is not one of this server's"
              : "an API key is needed; send it as \"Authorization: Bearer KEY\"");
    }
  }

  /** Of {@code name:port} or {@code [address]:port} the name. */
  private static String name(String host) {
    String lower = host.toLowerCase(Locale.ROOT);
    if (lower.startsWith("[")) {
      int end = lower.indexOf(']');
      return end < 0 ? lower : lower.substring(1, end);
    }
    int colon = lower.indexOf(':');
    return colon < 0 ? lower : lower.substring(0, colon);
  }

  private static byte[] digest(String key) {
    try {
      return MessageDigest.getInstance("SHA-256").digest(key.getBytes(StandardCharsets.UTF_8));
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException(e); // every Java platform has it
    }
  }
}
