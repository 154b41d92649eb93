// Shards: the safetensors files of a folder, one or as many as its index names.
package dev.gatun.weights;

import dev.gatun.refusal.Refusal;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;

/** All tensors of a folder by name, and the bytes of their files. */
record Shards(Map<String, Weight> tensors, long bytes) {
  private static final String SINGLE = "model.safetensors";
  private static final String INDEX = "model.safetensors.index.json";

  static Shards read(Path folder, OpenFiles open) {
    if (Files.isRegularFile(folder.resolve(SINGLE))) {
      ByteRange file = open.open(folder.resolve(SINGLE));
      return new Shards(Safetensors.parse(file, "'" + SINGLE + "'"), file.bytes());
    }
    if (!Files.isRegularFile(folder.resolve(INDEX))) {
      throw Refusal.model(
          "folder '" + folder + "' has neither " + SINGLE + " nor " + INDEX + other(folder),
          "download the model's safetensors files into it");
    }
    return indexed(folder, index(JsonFields.read(folder.resolve(INDEX))), open);
  }

  /** File name by tensor name, out of an index; the files lie beside it. */
  static Map<String, String> index(Fields index) {
    Fields map = index.object("weight_map").orElseThrow(() -> index.missing("weight_map"));
    Map<String, String> files = new LinkedHashMap<>();
    for (String tensor : map.values().keySet()) {
      String file = map.text(tensor).orElseThrow(() -> map.missing(tensor));
      // A name, never a way to another folder.
      if (!file.matches("[\\w.+ -]+\\.safetensors")) {
        throw map.wrong(Fields.shown(tensor), file, "the name of a .safetensors file");
      }
      files.put(tensor, file);
    }
    return files;
  }

  private static Shards indexed(Path folder, Map<String, String> index, OpenFiles open) {
    Map<String, Map<String, Weight>> files = new LinkedHashMap<>();
    long bytes = 0;
    for (String name : new LinkedHashSet<>(index.values())) {
      if (!Files.isRegularFile(folder.resolve(name))) {
        throw Refusal.model(
            "shard '" + folder.resolve(name) + "', which " + INDEX + " names, is missing",
            "download it into the same folder");
      }
      ByteRange file = open.open(folder.resolve(name));
      bytes += file.bytes();
      files.put(name, Safetensors.parse(file, "'" + name + "'"));
    }
    return new Shards(select(index, files), bytes);
  }

  /** The tensors an index names, each out of its file. */
  static Map<String, Weight> select(
      Map<String, String> index, Map<String, Map<String, Weight>> files) {
    Map<String, Weight> tensors = new LinkedHashMap<>();
    index.forEach(
        (tensor, file) ->
            tensors.put(
                tensor,
                Optional.ofNullable(files.get(file).get(tensor))
                    .orElseThrow(
                        () ->
                            Refusal.model(
                                INDEX
                                    + " expects the tensor "
                                    + Fields.shown(tensor)
                                    + " in '"
                                    + file
                                    + "', which lacks it",
                                "download both files again, from the same model"))));
    return tensors;
  }

  /** What a folder without safetensors has instead, for the message. */
  private static String other(Path folder) {
    try (Stream<Path> files = Files.list(folder)) {
      return files
          .map(f -> f.getFileName().toString())
          .filter(f -> f.matches(".*\\.(gguf|bin|pt|pth|safetensors)"))
          .sorted()
          .findFirst()
          .map(
              f ->
                  f.endsWith(".gguf")
                      ? " but '" + f + "', which can be given itself"
                      : " but '" + f + "'")
          .orElse("");
    } catch (IOException e) {
      return "";
    }
  }
}
