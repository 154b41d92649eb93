// GgufSplit: the files of a GGUF model that was cut into several.
package dev.gatun.weights;

import dev.gatun.refusal.Refusal;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Parts are called {@code name-00001-of-00003.gguf} and lie side by side; each knows its number and
 * their count (source: the gguf-split tool of llama.cpp).
 *
 * @param name the model's name, without number and extension
 * @param parts all files, in order
 */
record GgufSplit(String name, List<Path> parts) {
  private static final Pattern PART = Pattern.compile("(.*)-(\\d{5})-of-(\\d{5})\\.gguf");
  private static final int COUNT_MAX = 99_999;

  /** The part with the key-values, of which {@code path} is the same or a later one. */
  static Path first(Path path) {
    Matcher part = PART.matcher(path.getFileName().toString());
    return part.matches()
        ? path.resolveSibling(part.group(1) + "-00001-of-" + part.group(3) + ".gguf")
        : path;
  }

  /** The parts that {@code path} is one of, by its name; all are there. */
  static GgufSplit of(Path path) {
    String file = path.getFileName().toString();
    Matcher part = PART.matcher(file);
    if (!part.matches()) {
      return new GgufSplit(file.replaceFirst("\\.gguf$", ""), List.of(path));
    }
    int count = Integer.parseInt(part.group(3));
    List<Path> parts = new ArrayList<>();
    for (int i = 1; i <= Math.max(1, count); i++) {
      Path sibling =
          path.resolveSibling(
              String.format(Locale.ROOT, "%s-%05d-of-%05d.gguf", part.group(1), i, count));
      if (!Files.isRegularFile(sibling)) {
        throw Refusal.model(
            "part " + i + " of " + count + " is missing: '" + sibling + "'",
            "download it into the same folder");
      }
      parts.add(sibling);
    }
    return new GgufSplit(part.group(1), List.copyOf(parts));
  }

  /** Refuses parts whose own numbers differ from what their names say. */
  void check(List<GgufFile> files) {
    long tensors = 0;
    for (int i = 0; i < files.size(); i++) {
      String source = "'" + parts.get(i).getFileName() + "'";
      Fields fields = new Fields(source, files.get(i).metadata());
      tensors += files.get(i).tensors().size();
      int count = fields.integer("split.count", 0, COUNT_MAX).orElse(0);
      if (Math.max(1, count) != files.size()
          || fields.integer("split.no", 0, COUNT_MAX).orElse(0) != i) {
        throw Refusal.model(
            source
                + " says it is part "
                + (fields.integer("split.no", 0, COUNT_MAX).orElse(0) + 1)
                + " of "
                + count
                + ", but its name says "
                + (i + 1)
                + " of "
                + files.size(),
            "give the parts their own names, name-00001-of-0000N.gguf");
      }
    }
    Fields first =
        new Fields("'" + parts.getFirst().getFileName() + "'", files.getFirst().metadata());
    long announced =
        first
            .integer("split.tensors.count", 0, Integer.MAX_VALUE)
            .map(n -> (long) n)
            .orElse(tensors);
    if (announced != tensors) {
      throw Refusal.model(
          "'" + name + "' should have " + announced + " tensors but its parts hold " + tensors,
          "download the model again, all its files");
    }
  }
}
