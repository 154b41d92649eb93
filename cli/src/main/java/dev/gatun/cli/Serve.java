// Serve: answers over HTTP until it is stopped.
package dev.gatun.cli;

import dev.gatun.dialogue.Dialect;
import dev.gatun.dialogue.Loading;
import dev.gatun.engine.Engine;
import dev.gatun.load.EngineOptions;
import dev.gatun.refusal.Refusal;
import dev.gatun.sample.Advice;
import dev.gatun.sample.SamplingOptions;
import dev.gatun.server.GatunServer;
import dev.gatun.server.LogWriter;
import dev.gatun.weights.Checkpoint;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

@Command(
    name = "serve",
    sortOptions = false,
    abbreviateSynopsis = true,
    description = {
      "Answer over HTTP: OpenAI's interface under /v1, a page to chat on at /. Listens while the"
          + " model is loaded. Standard output has a line of JSON for each request, standard error"
          + " everything else. Ctrl-C takes no more requests, and waits for those under way.",
      ""
    })
final class Serve implements Callable<Integer> {
  private static final int SEQUENCES = 4;
  private static final int SCORED = 32; // tokens of a text in one step, for its log-probabilities

  @Mixin ModelArgument model;
  @Mixin ServerArguments server;

  @Option(
      names = {"-np", "--parallel"},
      paramLabel = "N",
      description = "Answers in one step (" + SEQUENCES + "); others wait in order of arrival.")
  int sequences = SEQUENCES;

  @Mixin ThreadsArgument threads;
  @Mixin EngineArguments engine;
  @Mixin CacheRamArgument cacheRam;
  @Mixin SamplingArguments sampling;

  @Option(
      names = "--chat-template-file",
      paramLabel = "FILE",
      description = "Jinja to use in place of the model's own chat template.")
  Optional<String> templateFile = Optional.empty();

  @Mixin StandardOptions standard;

  private final Stdio stdio;

  Serve(Stdio stdio) {
    this.stdio = stdio;
  }

  @Override
  public Integer call() {
    EngineOptions base = cacheRam.applied(engine.options(threads.count, stdio));
    EngineOptions options =
        base.withBatching(base.batching().withSequences(sequences)).withLogitRows(SCORED);
    if (engine.follows(options)) {
      try (Checkpoint checkpoint = engine.scaled(Checkpoint.open(model.path(stdio)), stdio)) {
        engine.follow(checkpoint, options, stdio);
      }
      return 0;
    }
    StopSignals stop = new StopSignals(stdio.err());
    try (LogWriter log = server.log(stdio);
        GatunServer http = GatunServer.start(server.options(stdio), log)) {
      stdio.tell("listening on " + http.uri());
      serve(http, options, stop);
    }
    return 0;
  }

  private void serve(GatunServer http, EngineOptions options, StopSignals stop) {
    try (Checkpoint checkpoint = engine.scaled(Checkpoint.open(model.path(stdio)), stdio)) {
      Optional<String> template =
          templateFile.map(file -> TextFile.read(file, stdio)).or(checkpoint::chatTemplate);
      stdio.processes().agree(checkpoint, options);
      long all = Math.max(1, checkpoint.fileBytes());
      try (Loading loading =
          Loading.start(
              checkpoint, options, bytes -> http.loading(Math.min(1, (double) bytes / all)))) {
        Dialect dialect = Dialect.of(checkpoint, template);
        SamplingOptions drawing =
            sampling.over(SamplingOptions.defaults(Advice.over(checkpoint)), dialect);
        Engine loaded = loading.engine();
        engine.tellLoaded(loaded, stdio);
        try (dev.gatun.Gatun ready =
            dev.gatun.Gatun.of(loaded, dialect, drawing, checkpoint.name())) {
          http.serve(ready);
          stdio.tell(
              checkpoint.name() + " is ready at " + http.uri() + ", " + sequences + " at once");
          stop.await();
          http.drain(server.grace());
        }
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw Refusal.interrupted("interrupted while serving");
    }
  }
}
