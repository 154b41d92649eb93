// ServerOptions: where a server listens, whom it answers, and how much it takes.
package dev.gatun.server;

import dev.gatun.refusal.Refusal;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * Immutable.
 *
 * @param host address or name to listen on
 * @param port 0 for any that is free
 * @param names that the model is served under, the first is what answers say; empty for its own
 * @param access who may ask
 * @param limits how much is taken
 */
public record ServerOptions(
    String host, int port, List<String> names, Access access, Limits limits) {

  /**
   * Who may ask.
   *
   * @param keys one of which a request must bring; empty where anybody may ask
   * @param origins of pages on other sites that may ask, {@code *} for all; empty for none
   * @param hosts beside the loopback's own that a request's Host may name
   */
  public record Access(Set<String> keys, Set<String> origins, Set<String> hosts) {
    public Access {
      if (keys.stream().anyMatch(String::isBlank)) {
        throw Refusal.usage("an empty API key (--api-key)", "give one, or leave it out");
      }
      keys = Set.copyOf(keys);
      origins = Set.copyOf(origins);
      hosts =
          hosts.stream()
              .map(host -> host.toLowerCase(Locale.ROOT))
              .collect(Collectors.toUnmodifiableSet());
    }

    /** Anybody on this machine. */
    public static Access local() {
      return new Access(Set.of(), Set.of(), Set.of());
    }
  }

  /**
   * How much is taken.
   *
   * @param answers that may run or wait, 1 or more; a request that would make it more is refused
   *     with 503
   * @param bodyBytes of a request
   * @param connections open at once; more wait to be accepted
   * @param receiving most time from a connection's opening, or the request before, to the end of a
   *     request's head, and from there to the end of its body
   * @param stalled most time that all pieces of an answer together may wait for the client to take
   *     them
   */
  public record Limits(
      int answers, int bodyBytes, int connections, Duration receiving, Duration stalled) {
    public Limits {
      if (answers < 1) {
        throw Refusal.usage("a queue of " + answers + " (--max-queue)", "give 1 or more");
      }
      if (bodyBytes < 1 || connections < 1) {
        throw Refusal.usage(
            bodyBytes + " bytes a body, " + connections + " connections", "give 1 or more");
      }
    }

    public static Limits defaults() {
      return new Limits(256, 16 << 20, 1024, Duration.ofSeconds(30), Duration.ofSeconds(60));
    }
  }

  public ServerOptions {
    if (port < 0 || port > 65535) {
      throw Refusal.usage("port " + port + " (--port)", "use 0 to 65535");
    }
    names = List.copyOf(names);
  }

  /** The loopback's port 8080, for anybody on this machine. */
  public static ServerOptions defaults() {
    return new ServerOptions("127.0.0.1", 8080, List.of(), Access.local(), Limits.defaults());
  }

  public ServerOptions withHost(String value) {
    return new ServerOptions(value, port, names, access, limits);
  }

  public ServerOptions withPort(int value) {
    return new ServerOptions(host, value, names, access, limits);
  }

  public ServerOptions withNames(List<String> values) {
    return new ServerOptions(host, port, values, access, limits);
  }

  public ServerOptions withAccess(Access value) {
    return new ServerOptions(host, port, names, value, limits);
  }

  public ServerOptions withLimits(Limits value) {
    return new ServerOptions(host, port, names, access, value);
  }
}
