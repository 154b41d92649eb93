// NpyTest: the .npy file is NumPy's, and appears whole or not at all.
package dev.gatun.cli;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.gatun.refusal.Refusal;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class NpyTest {
  @TempDir Path folder;

  @Test
  void headerAndRowsAreNumPys() throws IOException {
    Path file = folder.resolve("l.npy");
    try (Npy npy = new Npy(file, 3, 2)) {
      npy.append(rows(1, 2, 3, 4));
      assertFalse(Files.exists(file));
      npy.append(rows(-0f, Float.MIN_VALUE));
      npy.finish();
    }
    ByteBuffer bytes = ByteBuffer.wrap(Files.readAllBytes(file)).order(ByteOrder.LITTLE_ENDIAN);
    byte[] magic = new byte[8];
    bytes.get(magic);
    assertArrayEquals(new byte[] {(byte) 0x93, 'N', 'U', 'M', 'P', 'Y', 1, 0}, magic);
    byte[] header = new byte[bytes.getShort()];
    bytes.get(header);
    // What numpy.save writes for this shape, byte for byte.
    String dict = "{'descr': '<f4', 'fortran_order': False, 'shape': (3, 2), }";
    assertEquals(
        dict + " ".repeat(117 - dict.length()) + "\n",
        new String(header, StandardCharsets.US_ASCII));
    assertEquals(128, bytes.position());
    float[] values = new float[6];
    bytes.asFloatBuffer().get(values);
    assertArrayEquals(new float[] {1, 2, 3, 4, -0f, Float.MIN_VALUE}, values);
    assertEquals(List.of(file), files());
  }

  @Test
  void anUnfinishedFileLeavesNothingAndKeepsTheOldOne() throws IOException {
    Path file = Files.writeString(folder.resolve("l.npy"), "old");
    try (Npy npy = new Npy(file, 2, 2)) {
      npy.append(rows(1, 2));
    }
    assertEquals("old", Files.readString(file));
    assertEquals(List.of(file), files());
  }

  @Test
  void aTargetThatCannotBeWrittenIsRefusedAtOnce() {
    assertThrows(Refusal.class, () -> new Npy(folder, 1, 1));
    assertThrows(Refusal.class, () -> new Npy(Path.of("/"), 1, 1));
    assertThrows(Refusal.class, () -> new Npy(folder.resolve("none/l.npy"), 1, 1));
  }

  private static MemorySegment rows(float... values) {
    return Arena.ofAuto().allocateFrom(ValueLayout.JAVA_FLOAT, values);
  }

  private List<Path> files() throws IOException {
    try (var list = Files.list(folder)) {
      return list.toList();
    }
  }
}
