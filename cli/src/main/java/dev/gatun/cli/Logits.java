// Logits: writes the model's raw output for given tokens, to be compared with another engine's.
package dev.gatun.cli;

import dev.gatun.engine.Engine;
import dev.gatun.engine.Session;
import dev.gatun.load.EngineOptions;
import dev.gatun.refusal.Refusal;
import dev.gatun.weights.Checkpoint;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

@Command(
    name = "logits",
    sortOptions = false,
    abbreviateSynopsis = true,
    description = {
      "Write the logits after every token as float32 (tokens, vocab), a NumPy .npy file.",
      "--compute f32 dequantises weights exactly and computes in float32 throughout.",
      "--mtp writes, after every token but the last, those of that layer: of the token behind the",
      "next one.",
      ""
    })
final class Logits implements Callable<Integer> {
  /** Bytes of logits held at once; a long text of a large vocabulary has gigabytes of them. */
  private static final long MOST_BYTES = 64 << 20;

  @Mixin SyntheticArgument model;

  @Option(
      names = "--tokens",
      required = true,
      paramLabel = "IDS",
      description = "Token ids, separated by commas.")
  String tokens = "";

  @Option(
      names = {"-o", "--out"},
      required = true,
      paramLabel = "FILE",
      description = "The .npy file to write.")
  Path out = Path.of("");

  @Mixin MtpArgument layer;
  @Mixin ExpertCountsArgument experts;
  @Mixin ThreadsArgument threads;
  @Mixin EngineArguments engine;
  @Mixin StandardOptions standard;

  private final Stdio stdio;

  Logits(Stdio stdio) {
    this.stdio = stdio;
  }

  @Override
  public Integer call() {
    int[] ids = ids();
    if (layer.mtp && ids.length < 2) {
      throw Refusal.usage("--mtp of one token", "give two or more: it reads the next one too");
    }
    EngineOptions options = experts.applied(engine.options(threads.count, stdio));
    try (Checkpoint checkpoint = engine.scaled(open(), stdio)) {
      int vocab = checkpoint.config().vocab();
      requireInside(ids, vocab, checkpoint.config().contextLength());
      int rows = Math.clamp(MOST_BYTES / (vocab * (long) Float.BYTES), 1, ids.length);
      int context = engine.context.isEmpty() ? ids.length : options.context();
      EngineOptions fitting = options.withLogitRows(rows).withContext(context);
      if (engine.follows(options)) {
        engine.follow(checkpoint, fitting, stdio);
        return 0;
      }
      stdio.processes().agree(checkpoint, fitting);
      MeshArguments.told(options.mesh(), checkpoint.config()).ifPresent(stdio::tell);
      try (Engine loaded = Engine.load(checkpoint, fitting);
          Session session = loaded.newSession();
          Npy npy = new Npy(out, layer.mtp ? ids.length - 1 : ids.length, vocab)) {
        engine.tellLoaded(loaded, stdio);
        if (layer.mtp) {
          session.mtpLogits(ids, npy::append);
        } else {
          session.logits(ids, npy::append);
        }
        npy.finish();
        experts.add(loaded);
      }
    }
    experts.write();
    return 0;
  }

  private Checkpoint open() {
    return model.open(stdio, layer.mtp).checkpoint();
  }

  private int[] ids() {
    return Arrays.stream(tokens.split(",", -1)).mapToInt(Logits::id).toArray();
  }

  private static int id(String text) {
    try {
      return Integer.parseInt(text.strip());
    } catch (NumberFormatException e) {
      throw Refusal.usage("--tokens holds '" + text + "'", "give token ids such as 5,17,3");
    }
  }

  // Asked before the weights are loaded, which may take a while.
  private static void requireInside(int[] ids, int vocab, int context) {
    for (int id : ids) {
      if (id < 0 || id >= vocab) {
        throw Refusal.usage(
            "token " + id + " is outside the vocabulary", "give ids from 0 to " + (vocab - 1));
      }
    }
    if (ids.length > context) {
      throw Refusal.usage(ids.length + " tokens, the model was made for " + context, "give fewer");
    }
  }
}
