// ServerArguments: where the server listens, whom it answers, and how much it takes.
package dev.gatun.cli;

import dev.gatun.load.Capacity;
import dev.gatun.refusal.Refusal;
import dev.gatun.server.LogWriter;
import dev.gatun.server.ServerOptions;
import dev.gatun.server.ServerOptions.Access;
import dev.gatun.server.ServerOptions.Limits;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import picocli.CommandLine.Option;

/** Mixed into {@code serve}; names are llama.cpp's where it has them. */
final class ServerArguments {
  @Option(
      names = "--host",
      paramLabel = "ADDRESS",
      description =
          "Address to listen on; 127.0.0.1, the default, is this machine alone, 0.0.0.0 is all.")
  String host = "127.0.0.1";

  @Option(
      names = "--port",
      paramLabel = "N",
      description = "Port to listen on (8080); 0 is any that is free.")
  int port = 8080;

  @Option(
      names = {"-a", "--alias"},
      paramLabel = "NAME",
      split = ",",
      description = "Name that requests call the model by; may be several. Default: its file's.")
  List<String> names = new ArrayList<>();

  @Option(
      names = "--api-key",
      paramLabel = "KEY",
      split = ",",
      description = "Key that requests must bring; may be several.")
  List<String> keys = new ArrayList<>();

  @Option(
      names = "--api-key-file",
      paramLabel = "FILE",
      description = "File of such keys, one a line, which the list of processes does not show.")
  Optional<String> keyFile = Optional.empty();

  @Option(
      names = "--cors",
      paramLabel = "ORIGIN",
      split = ",",
      description = "Origin whose pages may ask, such as https://example.org; * is all. Off.")
  List<String> origins = new ArrayList<>();

  @Option(
      names = "--allowed-host",
      paramLabel = "NAME",
      split = ",",
      description = "Name beside localhost by which a server on the loopback may be asked.")
  List<String> hosts = new ArrayList<>();

  @Option(
      names = "--max-queue",
      paramLabel = "N",
      description = "Answers that may run or wait (256); more are refused with 503.")
  int queue = Limits.defaults().answers();

  @Option(
      names = "--max-body",
      paramLabel = "SIZE",
      description = "Bytes of a request, such as 16M (16 MiB).")
  Optional<String> body = Optional.empty();

  @Option(
      names = "--max-connections",
      paramLabel = "N",
      description = "Connections at once (1024).")
  int connections = Limits.defaults().connections();

  @Option(
      names = "--request-timeout",
      paramLabel = "SECONDS",
      description = "Most time for a request to arrive (30).")
  int receiving = (int) Limits.defaults().receiving().toSeconds();

  @Option(
      names = "--shutdown-timeout",
      paramLabel = "SECONDS",
      description = "Most time that answers under way get to end when the server is stopped (10).")
  private int grace = 10;

  @Option(names = "--no-request-log", description = "No line of JSON for each request.")
  boolean silent;

  /** Most time that answers under way get to end. */
  Duration grace() {
    return Duration.ofSeconds(grace);
  }

  LogWriter log(Stdio stdio) {
    return silent
        ? LogWriter.none()
        : new LogWriter(
            stdio.out().unbuffered(), broken -> stdio.err().println("gatun: " + broken));
  }

  ServerOptions options(Stdio stdio) {
    if (grace < 0 || grace > 3600 || receiving < 1 || receiving > 3600) {
      throw Refusal.usage(
          "--shutdown-timeout " + grace + ", --request-timeout " + receiving,
          "use up to 3600 seconds");
    }
    Set<String> all = new HashSet<>(keys);
    keyFile
        .map(file -> TextFile.read(file, stdio))
        .ifPresent(
            text ->
                all.addAll(text.lines().map(String::strip).filter(key -> !key.isEmpty()).toList()));
    if (keyFile.isPresent() && all.isEmpty()) {
      throw Refusal.usage("--api-key-file has no key", "write one a line");
    }
    Limits defaults = Limits.defaults();
    long bytes = body.map(Capacity::bytes).orElse((long) defaults.bodyBytes());
    if (bytes > 1L << 30) {
      throw Refusal.usage("--max-body " + body.orElseThrow(), "use 1G at most");
    }
    Limits limits =
        new Limits(
            queue, (int) bytes, connections, Duration.ofSeconds(receiving), defaults.stalled());
    Access access =
        new Access(all, Set.copyOf(origins), hosts.stream().collect(Collectors.toSet()));
    return new ServerOptions(host, port, names, access, limits);
  }
}
