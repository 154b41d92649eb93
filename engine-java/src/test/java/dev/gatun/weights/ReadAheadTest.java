// ReadAheadTest: pieces of many sizes through the ring.
package dev.gatun.weights;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.gatun.weights.ReadAhead.Piece;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ReadAheadTest {
  private final List<Integer> used = new ArrayList<>();
  private long begun;
  private long most;

  /** Fills its memory with its number, and finds nothing else there when it is used. */
  private Piece piece(int number, long bytes) {
    return new Piece(
        bytes,
        memory -> {
          assertEquals(bytes, memory.byteSize());
          begun += bytes;
          most = Math.max(most, begun);
          return Readers.start(() -> memory.fill((byte) number));
        },
        memory -> {
          for (long at = 0; at < bytes; at++) {
            assertEquals((byte) number, memory.get(ValueLayout.JAVA_BYTE, at));
          }
          begun -= bytes;
          used.add(number);
        });
  }

  private void run(long ring, long... sizes) {
    List<Piece> pieces =
        IntStream.range(0, sizes.length).mapToObj(i -> piece(i, sizes[i])).toList();
    ReadAhead.run(pieces, ring);
    assertEquals(IntStream.range(0, sizes.length).boxed().toList(), used);
  }

  @ParameterizedTest
  @ValueSource(longs = {1, 4096, 10_000, 65_536})
  void everyPieceIsUsedOnceInOrderAndWholly(long ring) {
    Random random = new Random(ring);
    long[] sizes =
        random.longs(2000, 0, 4).map(kind -> kind == 0 ? 0 : random.nextLong(4097)).toArray();
    run(ring, sizes);
    assertTrue(most <= Math.max(ring, 2 * 4160), most + " bytes at once");
  }

  @Test
  void aRingThatIsFullToItsEndBeginsAgain() {
    run(4096, 2048, 2048, 0, 2048, 64, 2048, 2048);
    assertEquals(4096, most);
  }

  @Test
  void theNextIsReadWhileOneIsUsed() {
    List<String> seen = new ArrayList<>();
    List<Piece> pieces = new ArrayList<>();
    for (int i = 0; i < 4; i++) {
      int number = i;
      pieces.add(
          new Piece(
              64,
              memory -> {
                seen.add("read " + number);
                return Reading.DONE;
              },
              memory -> seen.add("use " + number)));
    }
    ReadAhead.run(pieces, 128);
    assertEquals(
        List.of("read 0", "read 1", "use 0", "read 2", "use 1", "read 3", "use 2", "use 3"), seen);
  }

  @Test
  void nothingIsNothing() {
    ReadAhead.run(List.of(), 1024);
    run(1024, 0, 0);
  }

  // Memory that is still written may not be given back, and the first failure is the one told.
  @Test
  void aFailureWaitsForWhatIsBeingRead() {
    IllegalStateException first = new IllegalStateException("first");
    int[] awaited = {0};
    List<Piece> pieces = new ArrayList<>();
    pieces.add(
        new Piece(
            8,
            memory ->
                () -> {
                  throw first;
                },
            ReadAheadTest::fail));
    for (int i = 0; i < 5; i++) {
      pieces.add(
          new Piece(
              8,
              memory ->
                  () -> {
                    awaited[0]++;
                    throw new IllegalStateException("later");
                  },
              ReadAheadTest::fail));
    }
    assertSame(
        first, assertThrows(IllegalStateException.class, () -> ReadAhead.run(pieces, 6 * 64)));
    assertEquals(5, awaited[0]);
  }

  private static void fail(MemorySegment memory) {
    throw new AssertionError("used");
  }
}
