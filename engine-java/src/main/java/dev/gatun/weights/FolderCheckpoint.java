// FolderCheckpoint: a model as Hugging Face lays it out.
package dev.gatun.weights;

import dev.gatun.refusal.Refusal;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

final class FolderCheckpoint {
  private static final Pattern LAYER = Pattern.compile("model\\.layers\\.(\\d{1,6})\\.");

  private FolderCheckpoint() {}

  static Checkpoint open(Path folder, boolean mtp) {
    return OpenCheckpoint.open(files -> read(folder, mtp, files));
  }

  private static OpenCheckpoint.Content read(Path folder, boolean mtp, OpenFiles files) {
    Fields fields =
        optional(folder, "config.json")
            .orElseThrow(
                () ->
                    Refusal.model(
                        "folder '" + folder + "' has no config.json",
                        "give a .gguf file, or a folder with config.json and .safetensors files"));
    ModelConfig own = FolderConfig.read(fields);
    ModelConfig config = mtp ? FolderDeepSeek.withMtp(own, fields) : own;
    Shards shards = Shards.read(folder, files);
    MtpLayer.require(shards.tensors().keySet(), config, "folder '" + folder + "'");
    Path name = folder.toAbsolutePath().normalize().getFileName();
    return new OpenCheckpoint.Content(
        config,
        weights(shards.tensors(), quantisation(folder, fields), config),
        new TokenizerSource.Folder(folder),
        chatTemplate(folder),
        GenerationDefaultsReader.of(
            optional(folder, "generation_config.json").orElse(new Fields("", Map.of())), fields),
        Collections.unmodifiableMap(fields.values()),
        name == null ? folder.toString() : name.toString(),
        shards.bytes(),
        "safetensors");
  }

  /** What the files hold, as {@link Weight} describes it. */
  static List<Weight> weights(
      Map<String, Weight> tensors, Optional<QuantSettings> settings, ModelConfig config) {
    Map<String, Weight> own = new LinkedHashMap<>(tensors);
    own.keySet().removeIf(name -> isBehind(name, config));
    List<Weight> stacked =
        Experts.stack(
            GroupWeights.join(own, settings),
            config.moe().map(FeedForwardConfig.Routed::experts).orElse(0));
    return LatentProjections.split(stacked, config);
  }

  /** Whether a tensor is of a layer of multi-token prediction that is not asked for. */
  private static boolean isBehind(String name, ModelConfig config) {
    Matcher layer = LAYER.matcher(name);
    return config.architecture().equals("deepseek_v3")
        && layer.lookingAt()
        && Integer.parseInt(layer.group(1)) >= config.layerConfigs().size();
  }

  private static Optional<QuantSettings> quantisation(Path folder, Fields config) {
    return config
        .object("quantization_config")
        .map(fields -> QuantSettings.read(fields, false))
        .or(
            () ->
                optional(folder, "quantize_config.json")
                    .map(fields -> QuantSettings.read(fields, true)));
  }

  /** A template file comes before one in tokenizer_config.json, as in transformers. */
  static Optional<String> chatTemplate(Path folder) {
    Path file = folder.resolve("chat_template.jinja");
    if (!Files.isRegularFile(file)) {
      return optional(folder, "tokenizer_config.json").flatMap(FolderCheckpoint::chatTemplate);
    }
    try {
      if (Files.size(file) > JsonFields.MAX_BYTES) {
        throw Refusal.model(
            "'" + file + "' passes " + JsonFields.MAX_BYTES + " bytes", "download it again");
      }
      return Optional.of(new String(Files.readAllBytes(file), StandardCharsets.UTF_8));
    } catch (IOException e) {
      throw Refusal.io(
          "cannot read '" + file + "': " + e.getMessage(), "check that the file is readable", e);
    }
  }

  /** {@code chat_template} is a text, or a list of {@code {name, template}}. */
  static Optional<String> chatTemplate(Fields tokenizer) {
    if (!(tokenizer.values().get("chat_template") instanceof List<?> named)) {
      return tokenizer.text("chat_template");
    }
    return named.stream()
        .filter(entry -> entry instanceof Map<?, ?> map && "default".equals(map.get("name")))
        .map(entry -> ((Map<?, ?>) entry).get("template"))
        .filter(String.class::isInstance)
        .map(String.class::cast)
        .findFirst();
  }

  private static Optional<Fields> optional(Path folder, String name) {
    return Optional.of(folder.resolve(name)).filter(Files::isRegularFile).map(JsonFields::read);
  }
}
