// JsonFile: reads and writes one kind of JSON file about a model's experts, and refuses others.
package dev.gatun.shard;

import com.fasterxml.jackson.core.JacksonException;
import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.StreamReadConstraints;
import com.fasterxml.jackson.core.StreamReadFeature;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.gatun.refusal.Refusal;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.List;
import java.util.SortedSet;
import java.util.TreeSet;
import java.util.regex.Pattern;

/**
 * The file is an object that begins with its format, version and the model's shape; {@code layers}
 * has a field for each layer with experts.
 *
 * @param format the file's first field, by which it is known
 */
record JsonFile(Path path, String format) {
  private static final int VERSION = 1;

  /** A placement of DeepSeek-V3 on 256 devices has 150 kB, its counts at most 0.3 MB. */
  private static final int MOST_BYTES = 32 << 20;

  /** Where no model says how many there are: many times what any has. */
  private static final int MOST_EXPERTS = 1 << 16;

  private static final Pattern LAYER = Pattern.compile("0|[1-9]\\d{0,4}");

  private static final JsonMapper JSON =
      JsonMapper.builder(
              JsonFactory.builder()
                  .streamReadConstraints(
                      StreamReadConstraints.builder()
                          .maxNestingDepth(8)
                          .maxNumberLength(64)
                          .build())
                  .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
                  .build())
          .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
          .build();

  /** The file's beginning, to which the caller adds the rest. */
  ObjectNode begin(ExpertShape shape) {
    return JSON.createObjectNode()
        .put("format", format)
        .put("version", VERSION)
        .put("architecture", shape.architecture())
        .put("experts", shape.experts());
  }

  /** Puts {@code root} in the file's place, when it is whole. */
  void write(ObjectNode root) {
    checkTarget();
    Path part = path.resolveSibling(path.getFileName() + ".part");
    try {
      try {
        Files.writeString(
            part, JSON.writerWithDefaultPrettyPrinter().writeValueAsString(root) + "\n");
        Files.move(part, path, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
      } finally {
        Files.deleteIfExists(part);
      }
    } catch (IOException e) {
      throw io("write", "check the folder and the free space", e);
    }
  }

  /** Refuses to write over what is no file of this format. */
  void checkTarget() {
    if (Files.isDirectory(path) || path.getFileName() == null) {
      throw Refusal.usage("'" + path + "' is a folder", "name a file");
    }
    if (Files.isRegularFile(path)) {
      root();
    } else if (Files.exists(path)) {
      throw Refusal.usage("'" + path + "' is no file that can be replaced", "name a file");
    }
  }

  /** The file's object, of this format and made for {@code model}. */
  JsonNode read(ExpertShape model) {
    JsonNode root = root();
    String architecture = firstLine(root.path("architecture").asText("nothing"));
    long experts = field(root, "experts");
    if (!architecture.equals(model.architecture()) || experts != model.experts()) {
      throw wrong(
          "made for "
              + architecture
              + " with "
              + experts
              + " experts, the model is "
              + model.words(),
          "name a file that was made for this model");
    }
    checkNames(root.path("layers"), model.layers(), "layer", "");
    return root;
  }

  /** What the file was made for. */
  ExpertShape shape(JsonNode root) {
    String architecture = root.path("architecture").asText();
    long experts = field(root, "experts");
    if (architecture.isEmpty() || experts < 1 || experts > MOST_EXPERTS) {
      throw wrong(
          "made for " + firstLine(architecture) + " with " + experts + " experts",
          "expected a model's name, and 1 to " + MOST_EXPERTS + " experts");
    }
    SortedSet<Integer> layers = new TreeSet<>();
    root.path("layers").fieldNames().forEachRemaining(name -> layers.add(layer(name)));
    if (layers.isEmpty()) {
      throw wrong("has no layers", "make it anew");
    }
    return new ExpertShape(architecture, (int) experts, List.copyOf(layers));
  }

  private int layer(String name) {
    if (!LAYER.matcher(name).matches()) {
      throw wrong("names layer " + firstLine(name), "expected numbers of layers");
    }
    return Integer.parseInt(name);
  }

  /** The file's object, of this format, whatever model it was made for. */
  JsonNode root() {
    try {
      JsonNode root = JSON.readTree(bytes());
      if (!root.path("format").asText().equals(format)) {
        throw wrong("no " + format + " file", "name another file");
      }
      long version = field(root, "version");
      if (version != VERSION) {
        throw wrong(
            "version " + version + " of its format, expected " + VERSION,
            "make it anew with this version of gatun");
      }
      return root;
    } catch (JacksonException e) {
      throw wrong("no valid JSON: " + firstLine(e.getOriginalMessage()), "correct it");
    } catch (IOException e) {
      throw io("read", "check the name and the permissions", e);
    }
  }

  private byte[] bytes() throws IOException {
    try (InputStream in = Files.newInputStream(path)) {
      byte[] bytes = in.readNBytes(MOST_BYTES + 1);
      if (bytes.length > MOST_BYTES) {
        throw wrong("no " + format + " file: it has more than 32 MiB", "name another file");
      }
      return bytes;
    }
  }

  /** Refuses an object whose fields are not exactly {@code numbers}, in any order. */
  void checkNames(JsonNode object, List<Integer> numbers, String kind, String where) {
    if (!object.isObject()) {
      throw wrong(where + "has no object of " + kind + "s", "correct it");
    }
    for (int number : numbers) {
      if (!object.has(String.valueOf(number))) {
        throw wrong(where + "has no " + kind + " " + number, "add it");
      }
    }
    object
        .fieldNames()
        .forEachRemaining(
            name -> {
              if (numbers.stream().noneMatch(number -> String.valueOf(number).equals(name))) {
                throw wrong(
                    where + "names " + kind + " " + firstLine(name) + ", which is not there",
                    "expected "
                        + numbers.size()
                        + " "
                        + kind
                        + "s, "
                        + numbers.getFirst()
                        + " to "
                        + numbers.getLast());
              }
            });
  }

  /** A field of the file's object that is an integer from 0. */
  long field(JsonNode root, String name) {
    return integer(root.path(name), "\"" + name + "\"");
  }

  /** {@code value}, an integer from 0; {@code what} is its name in a refusal. */
  long integer(JsonNode value, String what) {
    boolean whole = value.isIntegralNumber() && value.canConvertToLong();
    if (!whole || value.longValue() < 0) {
      String found = value.isMissingNode() ? "nothing" : firstLine(value.toString());
      throw wrong(what + " is " + found, "expected an integer from 0 to " + Long.MAX_VALUE);
    }
    return value.longValue();
  }

  Refusal wrong(String what, String remedy) {
    return Refusal.usage("'" + path + "': " + what, remedy);
  }

  private Refusal io(String act, String remedy, IOException e) {
    String reason =
        switch (e) {
          case NoSuchFileException _ -> "there is no such file or folder";
          case AccessDeniedException _ -> "permission denied";
          case FileSystemException failure when failure.getReason() != null -> failure.getReason();
          default -> String.valueOf(e.getMessage());
        };
    return Refusal.io("cannot " + act + " '" + path + "': " + reason, remedy, e);
  }

  private static String firstLine(String text) {
    String first = text.lines().findFirst().orElse("");
    return first.substring(0, Math.min(100, first.length()));
  }
}
