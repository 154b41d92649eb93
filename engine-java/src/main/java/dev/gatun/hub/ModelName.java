// ModelName: what a caller calls a model, and the files that it stands for.
package dev.gatun.hub;

import dev.gatun.refusal.Refusal;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;

/** Where a model lies, or from where it comes. */
public sealed interface ModelName {

  /** The name of {@link Demo} in {@link #parse}. */
  String DEMO = "gatun:demo";

  /** Before a repository's name where it might be a path. */
  String HUGGING_FACE = "hf:";

  /** A {@code .gguf} file, or a folder with {@code config.json} and safetensors. */
  record Local(Path path) implements ModelName {}

  /** {@code owner/repo[:file-or-quantisation]} of a Hugging Face-compatible endpoint. */
  record Repository(String name) implements ModelName {}

  /** The demo model. */
  record Demo() implements ModelName {}

  /**
   * A path where something is, {@code owner/repo[:file-or-quantisation]} with or without {@link
   * #HUGGING_FACE} before it, or {@link #DEMO}. A path that may be a repository's name too is the
   * path where something is there.
   *
   * @throws Refusal USAGE for anything else
   */
  static ModelName parse(String text) {
    if (text.equals(DEMO)) {
      return new Demo();
    }
    if (text.startsWith(HUGGING_FACE)) {
      String name = text.substring(HUGGING_FACE.length());
      RepoName.parse(name);
      return new Repository(name);
    }
    if (isThere(text)) {
      return new Local(Path.of(text));
    }
    if (RepoName.isName(text)) {
      return new Repository(text);
    }
    throw Refusal.usage(
        "no model at '" + text + "'",
        "give a .gguf file, a folder with config.json and .safetensors files, or owner/repo");
  }

  /** The file or folder, fetched if it is not there yet; see {@link HuggingFace#fetch}. */
  default Path locate(FetchOptions options) {
    return switch (this) {
      case Local local -> local.path();
      case Repository repository -> HuggingFace.fetch(repository.name(), options);
      case Demo _ -> DemoModel.SMOLLM2.fetch(options);
    };
  }

  private static boolean isThere(String text) {
    try {
      return Files.exists(Path.of(text));
    } catch (InvalidPathException e) {
      return false;
    }
  }
}
