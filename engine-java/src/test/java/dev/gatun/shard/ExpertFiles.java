// ExpertFiles: writes files of counts and placements as a person might, and expects refusals.
package dev.gatun.shard;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.gatun.refusal.Refusal;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.function.Executable;

final class ExpertFiles {
  /** Two layers with experts, not side by side. */
  static final ExpertShape SHAPE = new ExpertShape("qwen3_moe", 4, List.of(1, 3));

  private ExpertFiles() {}

  /** Refused as the user's mistake, in one short line that holds every one of {@code words}. */
  static void expectUsage(Executable attempt, String... words) {
    expect(Refusal.Reason.USAGE, attempt, words);
  }

  static void expect(Refusal.Reason reason, Executable attempt, String... words) {
    Refusal refusal = assertThrows(Refusal.class, attempt);
    String line = refusal.getMessage();
    assertEquals(reason, refusal.reason(), line);
    assertTrue(line.lines().count() == 1 && line.length() < 500 && line.contains("; "), line);
    for (String word : words) {
      assertTrue(line.contains(word), () -> "no '" + word + "' in: " + line);
    }
  }

  static void write(Path file, String text) {
    try {
      Files.writeString(file, text);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Nothing half-written stays. */
  static void assertHolds(Path folder, String... names) throws IOException {
    try (Stream<Path> files = Files.list(folder)) {
      assertEquals(
          List.of(names), files.map(file -> file.getFileName().toString()).sorted().toList());
    }
  }
}
