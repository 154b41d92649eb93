// ByteRangeTest: bytes of files that stay as they are, and of files that do not.
package dev.gatun.weights;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.gatun.refusal.Refusal;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Arrays;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ByteRangeTest {
  /** More than a few reads of the file. */
  private static final byte[] CONTENT = GgufWriter.counting((7 << 20) + 5);

  @TempDir Path folder;

  private Path file() throws IOException {
    return Files.write(folder.resolve("x.gguf"), CONTENT);
  }

  private static void cut(Path file, long bytes) throws IOException {
    try (FileChannel channel = FileChannel.open(file, StandardOpenOption.WRITE)) {
      channel.truncate(bytes);
    }
  }

  private static void check(ByteRange all) {
    assertEquals(CONTENT.length, all.bytes());
    assertArrayEquals(CONTENT, all.toArray());
    ByteRange part = all.slice(1000, 5 << 20).slice(24, 4 << 20);
    assertArrayEquals(Arrays.copyOfRange(CONTENT, 1024, 1024 + (4 << 20)), part.toArray());
    try (Arena arena = Arena.ofShared()) {
      MemorySegment into = arena.allocate(3 << 20);
      part.read(77, into);
      assertArrayEquals(
          Arrays.copyOfRange(CONTENT, 1101, 1101 + (3 << 20)), into.toArray(ValueLayout.JAVA_BYTE));
    }
    MemorySegment two = MemorySegment.ofArray(new byte[2]);
    assertThrows(IndexOutOfBoundsException.class, () -> part.read((4 << 20) - 1, two));
    assertThrows(IndexOutOfBoundsException.class, () -> part.read(-1, two));
    assertThrows(IndexOutOfBoundsException.class, () -> part.slice(1, 4 << 20));
    assertEquals(0, part.slice(4 << 20, 0).toArray().length);
  }

  @Test
  void readsWhatAFileHolds() throws IOException {
    try (OpenFiles files = new OpenFiles()) {
      check(files.open(file()));
    }
  }

  @Test
  void readsWhatMemoryHolds() {
    check(ByteRange.of(MemorySegment.ofArray(CONTENT)));
  }

  @Test
  void aFileThatWasCutIsRefusedAndTheRestOfItIsRead() throws IOException {
    Path file = file();
    try (OpenFiles files = new OpenFiles()) {
      ByteRange all = files.open(file);
      cut(file, 3_000_000);
      ByteRange tensor = all.slice(1_000_000, 5_000_000).named("tensor 't' of 'x.gguf'");
      Refusals.expect(
          tensor::toArray, "tensor 't' of 'x.gguf'", "5000000 bytes from 1000000", "3000000");
      assertArrayEquals(
          Arrays.copyOfRange(CONTENT, 1_000_000, 3_000_000), tensor.slice(0, 2_000_000).toArray());
      cut(file, 0);
      Refusals.expect(() -> all.slice(0, 1).toArray(), "'x.gguf'", "ends at 0");
    }
  }

  @Test
  void aHeaderThatWasCutIsRefused() throws IOException {
    byte[] gguf = TinyModels.gguf("llama").bytes();
    byte[] safetensors = new SafetensorsWriter().tensor("w", "F32", 4).bytes();
    try (OpenFiles files = new OpenFiles()) {
      Path first = Files.write(folder.resolve("h.gguf"), gguf);
      Path second = Files.write(folder.resolve("h.safetensors"), safetensors);
      ByteRange header = files.open(first);
      ByteRange json = files.open(second);
      cut(first, 100);
      cut(second, 20);
      Refusals.expect(() -> GgufFile.parse(header, "'h.gguf'"), "'h.gguf'", "ends at 100");
      Refusals.expect(() -> Safetensors.parse(json, "'h.safetensors'"), "ends at 20");
    }
  }

  @Test
  void aFileThatGrowsIsReadAsItWas() throws IOException {
    Path file = file();
    try (OpenFiles files = new OpenFiles()) {
      ByteRange all = files.open(file);
      Files.write(file, CONTENT, StandardOpenOption.APPEND);
      check(all);
    }
  }

  @Test
  void aFileThatWasDeletedIsStillRead() throws IOException {
    Path file = file();
    try (OpenFiles files = new OpenFiles()) {
      ByteRange all = files.open(file);
      Files.delete(file);
      check(all);
      Refusals.expect(() -> files.open(file), "x.gguf' is missing");
    }
  }

  @Test
  void whatCannotBeReadIsNoFaultOfTheModel() {
    try (OpenFiles files = new OpenFiles()) {
      Refusal refusal = assertThrows(Refusal.class, () -> files.open(folder).toArray());
      assertEquals(Refusal.Reason.IO, refusal.reason());
    }
  }

  // A channel closes itself under a thread that is interrupted, and with it everybody's file.
  @Test
  void whoeverIsInterruptedReadsOnAndStaysInterrupted() throws IOException {
    try (OpenFiles files = new OpenFiles()) {
      ByteRange all = files.open(file());
      Thread.currentThread().interrupt();
      check(all);
      assertTrue(Thread.interrupted());
      check(all);
    }
  }

  @Test
  void closedFilesAreNotRead() throws IOException {
    ByteRange all;
    try (OpenFiles files = new OpenFiles()) {
      all = files.open(file());
    }
    assertThrows(IllegalStateException.class, all::toArray);
    try (Arena arena = Arena.ofShared()) {
      all = ByteRange.of(arena.allocate(8));
    }
    assertThrows(IllegalStateException.class, all::toArray);
  }
}
