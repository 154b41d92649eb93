// Observation: runs tokens in a step of their own and keeps what its ops compute on the way.
package dev.gatun.engine;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.function.BiConsumer;

final class Observation extends Forward {
  private final Map<String, MemorySegment> marks = new LinkedHashMap<>();

  /**
   * @param ids at most as many as a step has rows of logits
   */
  Observation(Sequence sequence, int[] ids, int vocab) {
    super(sequence, ids, true, vocab);
  }

  /**
   * The marked tensors of the graph in its order, each (tokens, cols) float32, when it has ended.
   */
  Map<String, MemorySegment> marks() {
    return marks;
  }

  @Override
  Optional<BiConsumer<String, MemorySegment>> observer() {
    return Optional.of((name, tensor) -> marks.merge(name, copied(tensor), Observation::joined));
  }

  private static MemorySegment copied(MemorySegment tensor) {
    return MemorySegment.ofArray(tensor.toArray(ValueLayout.JAVA_FLOAT));
  }

  /** Of what is computed in parts. */
  private static MemorySegment joined(MemorySegment first, MemorySegment next) {
    float[] both = new float[Math.toIntExact((first.byteSize() + next.byteSize()) / Float.BYTES)];
    MemorySegment all = MemorySegment.ofArray(both);
    all.copyFrom(first);
    all.asSlice(first.byteSize()).copyFrom(next);
    return all;
  }
}
