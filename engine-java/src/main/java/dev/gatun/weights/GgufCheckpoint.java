// GgufCheckpoint: a model in one GGUF file or in several.
package dev.gatun.weights;

import dev.gatun.refusal.Refusal;
import java.nio.file.Path;

final class GgufCheckpoint {
  private GgufCheckpoint() {}

  static Checkpoint open(Path path) {
    throw Refusal.model("'" + path + "' cannot be read yet", "use a folder");
  }
}
