// CublasBlasTest: cuBLAS's calls through JavaCPP's preset, answered by a fake of its library.
package dev.gatun.device;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.gatun.refusal.Refusal;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SymbolLookup;
import java.lang.foreign.ValueLayout;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** The fake is described in src/test/native; it computes in host memory, column-major. */
@Tag("emulated")
class CublasBlasTest {
  private static final DeviceChoice CUDA = DeviceChoice.cpu().named("cuda");
  private static SymbolLookup fake;

  @BeforeAll
  static void loadTheFakes() {
    JavaCppRuntimeTest.loadTheFakes();
    CudaDevices.preset().use(0);
    if (!CudaDevices.hasCublas()) { // a toolkit's would be found first
      Refusal refusal = assertThrows(Refusal.class, () -> Device.requireGemm(CUDA));
      assertEquals(Refusal.Reason.DEVICE, refusal.reason());
      assertTrue(refusal.getMessage().contains("scripts/fetch-cuda --cublas"));
    }
    Path folder = Path.of(System.getProperty("gatun.library")).resolveSibling("fake-cuda");
    for (String name : new String[] {"libcublasLt.so.13", "libcublas.so.13"}) {
      System.load(folder.resolve(name).toAbsolutePath().toString());
    }
    fake = SymbolLookup.libraryLookup(folder.resolve("libcublas.so.13"), Arena.global());
    assertTrue(CudaDevices.hasCublas());
  }

  private static MemorySegment variable(String name) {
    return fake.find(name).orElseThrow().reinterpret(4);
  }

  @AfterEach
  void everythingWasGivenBack() {
    variable("fake_cublas_fault").set(ValueLayout.JAVA_INT, 0, 0);
    assertEquals(0, variable("fake_cublas_live").get(ValueLayout.JAVA_INT, 0));
  }

  private static MemorySegment bf16(Arena arena, float... values) {
    MemorySegment segment = arena.allocate(2L * values.length, 64);
    for (int i = 0; i < values.length; i++) {
      short bits = (short) (Float.floatToRawIntBits(values[i]) >>> 16);
      segment.setAtIndex(ValueLayout.JAVA_SHORT, i, bits);
    }
    return segment;
  }

  @Test
  void rowsAreMultipliedWithRows() {
    CudaRuntime runtime = CudaDevices.preset();
    MemorySegment stream = runtime.openStream();
    try (Arena arena = Arena.ofConfined();
        Blas blas = runtime.openBlas(stream)) {
      blas.workspace(arena.allocate(256, 256), 256);
      MemorySegment x = bf16(arena, 1, 2, 3, 4, 5, 6); // 2 tokens of 3
      MemorySegment weight = bf16(arena, 1, 0, 0, 0, 1, 0, 0, 0, 1, 1, 1, 1); // 4 rows of 3
      MemorySegment y = arena.allocate(4 * 10, 64); // rows 5 apart
      y.fill((byte) 0x40);
      float untouched = y.get(ValueLayout.JAVA_FLOAT, 16);
      blas.multiply(2, 4, 3, x, weight, y, 5);
      float[] expected = {1, 2, 3, 6, untouched, 4, 5, 6, 15, untouched};
      for (int i = 0; i < expected.length; i++) {
        assertEquals(expected[i], y.getAtIndex(ValueLayout.JAVA_FLOAT, i), "element " + i);
      }
    }
    runtime.closeStream(stream);
  }

  @Test
  void aProductThatFailsIsTold() {
    CudaRuntime runtime = CudaDevices.preset();
    MemorySegment stream = runtime.openStream();
    try (Arena arena = Arena.ofConfined();
        Blas blas = runtime.openBlas(stream)) {
      MemorySegment one = bf16(arena, 1);
      MemorySegment y = arena.allocate(64, 64);
      Refusal early = assertThrows(Refusal.class, () -> blas.multiply(1, 1, 1, one, one, y, 1));
      assertTrue(early.getMessage().contains("CUBLAS_STATUS_FAKE"), early.getMessage());
      blas.workspace(arena.allocate(256, 256), 256);
      variable("fake_cublas_fault").set(ValueLayout.JAVA_INT, 0, 13);
      Refusal refusal = assertThrows(Refusal.class, () -> blas.multiply(1, 1, 1, one, one, y, 1));
      assertEquals(Refusal.Reason.DEVICE, refusal.reason());
      assertTrue(
          refusal
              .getMessage()
              .contains("the function failed to launch (CUBLAS_STATUS_EXECUTION_FAILED)"),
          refusal.getMessage());
    }
    runtime.closeStream(stream);
  }
}
