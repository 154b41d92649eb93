// ModelIdentity: by what a conversation knows the model that it was held with.
package dev.gatun.cli;

import dev.gatun.dialogue.Dialogue;
import dev.gatun.engine.Engine;
import dev.gatun.load.EngineOptions;
import dev.gatun.refusal.Refusal;
import dev.gatun.text.Tokenizer;
import dev.gatun.weights.RopeOverride;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;

/**
 * @param name of the file or folder
 * @param tokenizer hash of all its tokens
 * @param arithmetic what else decides the bits of the logits, in words
 */
record ModelIdentity(String name, String tokenizer, String arithmetic) {

  static ModelIdentity of(String name, Dialogue dialogue) {
    return new ModelIdentity(
        name, hash(dialogue.dialect().tokenizer()), arithmetic(dialogue.engine()));
  }

  /** Refusal.usage where this, of a conversation in {@code file}, is another model. */
  void requireSame(ModelIdentity here, Path file) {
    boolean named = !name.equals(here.name);
    if (named || !tokenizer.equals(here.tokenizer)) {
      throw Refusal.usage(
          "'"
              + file
              + "' is a conversation with "
              + name
              + ", this is "
              + here.name
              + (named ? "" : " with another tokenizer"),
          "run that model, or remove the file's \"gatun\" entry to keep the messages alone");
    }
  }

  private static String arithmetic(Engine engine) {
    EngineOptions options = engine.options();
    return "--compute "
        + options.compute()
        + " --kv "
        + options.cacheTypes()
        + ", RoPE "
        + RopeOverride.described(engine.config());
  }

  private static String hash(Tokenizer tokenizer) {
    MessageDigest digest;
    try {
      digest = MessageDigest.getInstance("SHA-256");
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every Java platform has SHA-256", e);
    }
    for (int id = 0; id < tokenizer.vocabSize(); id++) {
      byte[] bytes = tokenizer.bytes(id);
      digest.update(ByteBuffer.allocate(Integer.BYTES).putInt(bytes.length).array());
      digest.update(bytes);
    }
    return "sha256:" + HexFormat.of().formatHex(digest.digest());
  }
}
