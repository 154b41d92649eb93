// Checkpoint: a model on disk, opened and checked; its tensors stay in the file.
package dev.gatun.weights;

import dev.gatun.refusal.Refusal;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Collection;
import java.util.Map;
import java.util.Optional;

/**
 * A GGUF file (or all files of a split one), or a folder as Hugging Face lays it out. Opening reads
 * headers only; the bytes of tensors are read when they are asked for, from files that stay open
 * until {@link #close}. What was loaded from it does not need it any more. Tensors carry Hugging
 * Face's names whatever the format. Safe for use by several threads.
 */
public interface Checkpoint extends AutoCloseable {

  /**
   * Opens a {@code .gguf} file (any part of a split one stands for all) or a folder with {@code
   * config.json} and safetensors.
   *
   * @throws Refusal with reason MODEL where the content is truncated, inconsistent or not
   *     supported; IO where it cannot be read; USAGE where nothing is there
   */
  static Checkpoint open(Path path) {
    return open(path, false);
  }

  /**
   * As {@link #open(Path)}.
   *
   * @param mtp with the layer of multi-token prediction behind the model's own, which is left out
   *     otherwise; a refusal with reason USAGE where there is none
   */
  static Checkpoint open(Path path, boolean mtp) {
    if (Files.isDirectory(path)) {
      return FolderCheckpoint.open(path, mtp);
    }
    if (Files.isRegularFile(path)) {
      return GgufCheckpoint.open(path, mtp);
    }
    throw Refusal.usage(
        "no model at '" + path + "'",
        "give a .gguf file or a folder with config.json and .safetensors files");
  }

  /**
   * A model of random weights in a known model's shapes: {@code NAME[:layers=N][:type=TYPE]}.
   *
   * @throws Refusal with reason USAGE where the name or a setting is not known
   */
  static Checkpoint synthetic(String spec) {
    return synthetic(spec, false);
  }

  /**
   * As {@link #synthetic(String)}.
   *
   * @param mtp as in {@link #open(Path, boolean)}
   */
  static Checkpoint synthetic(String spec, boolean mtp) {
    return SyntheticCheckpoint.open(spec, mtp);
  }

  ModelConfig config();

  /** The tensor of that Hugging Face name, or a refusal that says which one is missing. */
  default Weight weight(String name) {
    return find(name)
        .orElseThrow(
            () ->
                Refusal.model(
                    "'"
                        + name()
                        + "' has no tensor '"
                        + name
                        + "', which "
                        + config().architecture()
                        + " needs",
                    "download the model again, all its files"));
  }

  /**
   * The tensor of that Hugging Face name; {@code lm_head.weight} is absent where embeddings are
   * tied.
   */
  Optional<Weight> find(String name);

  /** All tensors, in the order of the files. */
  Collection<Weight> weights();

  TokenizerSource tokenizer();

  /** The chat template's Jinja text; of several the one named {@code default}. */
  Optional<String> chatTemplate();

  GenerationDefaults generation();

  /**
   * What the file says of itself, for display and for readers of single keys: GGUF's key-values or
   * {@code config.json}. Unmodifiable; see {@link GgufFile} for the Java types of GGUF's values.
   */
  Map<String, Object> metadata();

  /** One line on what the file left open and how it was read therefore; empty where it did not. */
  default Optional<String> assumption() {
    return GgufDeepSeek.assumption(metadata(), config());
  }

  /** The model's name: the folder's or file's. */
  String name();

  /** Bytes of all tensor files together. */
  long fileBytes();

  /** Bytes of memory that the data take once {@link #materialize}d; files take none. */
  default long heldBytes() {
    return 0;
  }

  /** Makes the tensors' data, where they do not lie in files; called before any is read. */
  default void materialize() {}

  /** The options that ask for the same model with weights of another type. */
  default String optionsFor(QuantMix mix) {
    return "-hf REPO:" + mix.name();
  }

  /** For display: {@code GGUF V3}, {@code safetensors}. */
  String format();

  /**
   * Closes the files. Reading a {@link Weight} of this checkpoint, now or from then on, is an
   * IllegalStateException. Does nothing the second time.
   */
  @Override
  void close();
}
