// Show: what a checkpoint holds: metadata, tensors, parameters, sizes.
package dev.gatun.cli;

import dev.gatun.device.Device;
import dev.gatun.device.DeviceChoice;
import dev.gatun.load.EngineOptions;
import dev.gatun.load.KernelChoice;
import dev.gatun.refusal.Refusal;
import dev.gatun.weights.Checkpoint;
import dev.gatun.weights.ModelConfig;
import dev.gatun.weights.Weight;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.stream.Collectors;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

@Command(
    name = "show",
    sortOptions = false,
    abbreviateSynopsis = true,
    description = {
      "Print a model's metadata, tensors, parameter count and sizes, or its kernels. Reads headers"
          + " only.",
      ""
    })
final class Show implements Callable<Integer> {
  @Mixin SyntheticArgument model;

  @Option(names = "--json", description = "Print one JSON object.")
  boolean json;

  @Option(names = "--template", description = "Print the chat template and nothing else.")
  boolean template;

  @Option(
      names = "--kernels",
      description =
          "Print which kernel serves each of the model's products, with 1 token, 16, and prompts;"
              + " with --device, how long it takes there.")
  boolean kernels;

  @Mixin DeviceArgument device;

  @Option(
      names = {"-ub", "--ubatch-size"},
      paramLabel = "N",
      description = "Of --kernels: most tokens of one step (512).")
  Optional<Integer> ubatch = Optional.empty();

  @Mixin GemmArgument gemm;
  @Mixin StandardOptions standard;

  private final Stdio stdio;

  Show(Stdio stdio) {
    this.stdio = stdio;
  }

  @Override
  public Integer call() {
    Optional<EngineOptions> options = kernels ? Optional.of(options()) : Optional.empty();
    try (Checkpoint checkpoint = model.open(stdio).checkpoint()) {
      if (options.isPresent()) {
        KernelChoice found = KernelChoice.of(checkpoint, options.get(), device.name.isPresent());
        stdio.out().print(new KernelsTable(found).toString());
      } else if (template) {
        stdio.out().print(templateOf(checkpoint));
      } else if (json) {
        stdio.out().println(Json.pretty(asMap(checkpoint)));
      } else {
        print(checkpoint);
      }
    }
    return 0;
  }

  private EngineOptions options() {
    EngineOptions defaults = EngineOptions.defaults();
    int tokens = ubatch.orElse(defaults.ubatch());
    DeviceChoice choice = device.choice(DeviceChoice.cpu().withThreads(Machine.cores()), stdio);
    Device.require(choice);
    gemm.require(choice);
    return defaults
        .withDevice(choice)
        .withBatch(Math.max(tokens, defaults.batch()), tokens)
        .withGemm(gemm.gemm);
  }

  private static String templateOf(Checkpoint checkpoint) {
    return checkpoint
        .chatTemplate()
        .orElseThrow(
            () ->
                Refusal.usage(
                    "'" + checkpoint.name() + "' has no chat template",
                    "use gatun run --chat-template-file FILE, or --raw"));
  }

  private void print(Checkpoint checkpoint) {
    Table summary = new Table(List.of("model", checkpoint.name()), List.of());
    summary(checkpoint).forEach((name, value) -> summary.row(name, String.valueOf(value)));
    Table metadata = new Table(List.of("metadata", "value"), List.of());
    checkpoint
        .metadata()
        .forEach((name, value) -> metadata.row(Preview.plain(name), Json.line(Preview.of(value))));
    Table tensors = new Table(List.of("tensor", "type", "shape", "bytes"), List.of(3));
    for (Weight weight : checkpoint.weights()) {
      tensors.row(
          Preview.plain(weight.name()),
          weight.dtype().name(),
          shape(weight),
          String.valueOf(weight.bytes()));
    }
    stdio.out().println(summary.toString());
    stdio.out().println(metadata.toString());
    stdio.out().print(tensors.toString());
  }

  private static Map<String, Object> summary(Checkpoint checkpoint) {
    ModelConfig config = checkpoint.config();
    Map<String, Object> summary = new LinkedHashMap<>();
    summary.put("format", checkpoint.format());
    summary.put("architecture", config.architecture());
    summary.put("parameters", Amount.count(parameters(checkpoint)));
    summary.put("size", Amount.bytes(checkpoint.fileBytes()));
    summary.put(
        "types",
        types(checkpoint).entrySet().stream().map(Show::counted).collect(Collectors.joining(", ")));
    summary.put("context", config.contextLength());
    summary.put("vocabulary", config.vocab());
    summary.put("layers", config.layers());
    summary.put("hidden", config.hidden());
    summary.put(
        "heads",
        config.heads() + ", " + config.kvHeads() + " for keys and values, of " + config.headDim());
    config
        .moe()
        .ifPresent(
            moe -> summary.put("experts", moe.experts() + ", " + moe.perToken() + " a token"));
    summary.put(
        "chat template",
        checkpoint.chatTemplate().isPresent() ? "yes (--template prints it)" : "none");
    return summary;
  }

  private static Map<String, Object> asMap(Checkpoint checkpoint) {
    ModelConfig config = checkpoint.config();
    Map<String, Object> map = new LinkedHashMap<>();
    map.put("name", checkpoint.name());
    map.put("format", checkpoint.format());
    map.put("architecture", config.architecture());
    map.put("parameters", parameters(checkpoint));
    map.put("file_bytes", checkpoint.fileBytes());
    map.put("types", types(checkpoint));
    map.put("context_length", config.contextLength());
    map.put("vocab_size", config.vocab());
    map.put("layers", config.layers());
    map.put("hidden_size", config.hidden());
    map.put("heads", config.heads());
    map.put("kv_heads", config.kvHeads());
    map.put("head_dim", config.headDim());
    map.put("has_chat_template", checkpoint.chatTemplate().isPresent());
    Map<String, Object> metadata = new LinkedHashMap<>();
    checkpoint.metadata().forEach((name, value) -> metadata.put(name, Preview.of(value)));
    map.put("metadata", metadata);
    map.put("tensors", checkpoint.weights().stream().map(Show::asMap).toList());
    return map;
  }

  private static Map<String, Object> asMap(Weight weight) {
    Map<String, Object> map = new LinkedHashMap<>();
    map.put("name", weight.name());
    map.put("type", weight.dtype().name());
    map.put("shape", weight.shape());
    map.put("bytes", weight.bytes());
    return map;
  }

  private static long parameters(Checkpoint checkpoint) {
    return checkpoint.weights().stream().mapToLong(Weight::count).sum();
  }

  private static Map<String, Integer> types(Checkpoint checkpoint) {
    Map<String, Integer> types = new LinkedHashMap<>();
    checkpoint.weights().forEach(weight -> types.merge(weight.dtype().name(), 1, Integer::sum));
    return types;
  }

  private static String counted(Map.Entry<String, Integer> type) {
    return type.getKey()
        + " ("
        + type.getValue()
        + (type.getValue() == 1 ? " tensor)" : " tensors)");
  }

  private static String shape(Weight weight) {
    List<String> axes = new ArrayList<>();
    Arrays.stream(weight.shape()).mapToObj(Long::toString).forEach(axes::add);
    return String.join(" x ", axes);
  }
}
