// FolderCheckpoint: a model as Hugging Face lays it out.
package dev.gatun.weights;

import dev.gatun.refusal.Refusal;
import java.nio.file.Path;

final class FolderCheckpoint {
  private FolderCheckpoint() {}

  static Checkpoint open(Path folder) {
    throw Refusal.model("folder '" + folder + "' cannot be read yet", "use a GGUF file");
  }
}
