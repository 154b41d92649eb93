// Oracles: a folder of packed oracles, unpacked one by one when they are asked for.
package dev.gatun.verify;

import dev.gatun.refusal.Refusal;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.List;
import java.util.stream.Stream;
import java.util.zip.GZIPInputStream;

/**
 * {@code NAME/config.json}, {@code NAME/model.safetensors.gz} and {@code
 * NAME/oracle.safetensors.gz} for a Hugging Face folder, {@code gguf/NAME.gguf.gz} and {@code
 * gguf/NAME.oracle.safetensors.gz} for a GGUF file; {@code gguf/NAME.gguf.patch.gz} is a {@link
 * Patch} of another of these.
 *
 * @param unpacked a folder that may be written, for what is unpacked
 */
public record Oracles(Path packed, Path unpacked) {
  private static final String GGUF = "gguf";
  private static final String GGUF_ENDING = ".gguf.gz";
  private static final String PATCH_ENDING = ".gguf.patch.gz";

  /** Refusal.usage where {@code packed} is no folder of oracles. */
  public Oracles {
    if (!Files.isDirectory(packed)) {
      throw Refusal.usage(
          "there is no folder of oracles at " + packed, "name one with --oracles FOLDER");
    }
  }

  /** Names of the Hugging Face folders. */
  public List<String> folders() throws IOException {
    try (Stream<Path> files = Files.list(packed)) {
      return files
          .filter(folder -> Files.exists(folder.resolve("config.json")))
          .map(folder -> folder.getFileName().toString())
          .sorted()
          .toList();
    }
  }

  /** Names of the GGUF files, without their ending. */
  public List<String> ggufs() throws IOException {
    if (!Files.isDirectory(packed.resolve(GGUF))) {
      return List.of();
    }
    try (Stream<Path> files = Files.list(packed.resolve(GGUF))) {
      return files
          .map(file -> file.getFileName().toString())
          .filter(name -> name.endsWith(GGUF_ENDING) || name.endsWith(PATCH_ENDING))
          .map(name -> name.substring(0, name.indexOf(".gguf.")))
          .sorted()
          .toList();
    }
  }

  public Oracle folder(String name) throws IOException {
    Path folder = Files.createDirectories(unpacked.resolve(name));
    Files.copy(
        packed.resolve(name).resolve("config.json"),
        folder.resolve("config.json"),
        StandardCopyOption.REPLACE_EXISTING);
    unpack(name + "/model.safetensors");
    return Oracle.read(folder, unpack(name + "/oracle.safetensors"));
  }

  public Oracle gguf(String name) throws IOException {
    Files.createDirectories(unpacked.resolve(GGUF));
    String file = GGUF + "/" + name + ".gguf";
    Path model = Files.exists(packed.resolve(file + ".gz")) ? unpack(file) : patched(file);
    return Oracle.read(model, unpack(GGUF + "/" + name + ".oracle.safetensors"));
  }

  private Path patched(String name) throws IOException {
    Path target = unpacked.resolve(name);
    try (InputStream patch =
            new GZIPInputStream(Files.newInputStream(packed.resolve(name + ".patch.gz")));
        OutputStream content = Files.newOutputStream(target)) {
      Patch.apply(patch, other -> Files.readAllBytes(unpack(GGUF + "/" + other)), content);
    }
    return target;
  }

  private Path unpack(String name) throws IOException {
    Path target = unpacked.resolve(name);
    try (InputStream content =
        new GZIPInputStream(Files.newInputStream(packed.resolve(name + ".gz")))) {
      Files.copy(content, target, StandardCopyOption.REPLACE_EXISTING);
    }
    return target;
  }
}
