// Binding: the calling thread on some processors only, for a while.
package dev.gatun.device;

import dev.gatun.refusal.Refusal;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.util.Optional;

/**
 * Threads that the thread starts meanwhile stay on those processors. Closed by the thread that made
 * it, which then has the processors that it had before.
 */
public final class Binding implements AutoCloseable {
  private static final long MASK_BYTES = 1280; // of processors 0 to 9999 and more, whole words
  private static final int CALLER = 0;

  /** Source: sched_setaffinity(2). */
  private static final class Affinity {
    private static final FunctionDescriptor DESCRIPTOR =
        FunctionDescriptor.of(
            ValueLayout.JAVA_INT, ValueLayout.JAVA_INT, ValueLayout.JAVA_LONG, ValueLayout.ADDRESS);
    static final MethodHandle GET = handle("sched_getaffinity");
    static final MethodHandle SET = handle("sched_setaffinity");

    private static MethodHandle handle(String function) {
      Linker linker = Linker.nativeLinker();
      return linker.downcallHandle(linker.defaultLookup().findOrThrow(function), DESCRIPTOR);
    }
  }

  private final Arena arena = Arena.ofConfined();
  private final Optional<MemorySegment> before;

  private Binding(Optional<Processors> processors) {
    before = processors.map(this::bind);
  }

  /**
   * To the processors that a device of the CPU is to have; where it has none of its own, to all.
   */
  public static Binding to(DeviceChoice choice) {
    return new Binding(choice.processors());
  }

  /** Returns what it was bound to. */
  private MemorySegment bind(Processors processors) {
    MemorySegment before = arena.allocate(MASK_BYTES, Long.BYTES);
    MemorySegment mask = arena.allocate(MASK_BYTES, Long.BYTES);
    processors
        .numbers()
        .forEach(
            number -> {
              long word = mask.getAtIndex(ValueLayout.JAVA_LONG, number / Long.SIZE);
              mask.setAtIndex(ValueLayout.JAVA_LONG, number / Long.SIZE, word | 1L << number);
            });
    if (call(Affinity.GET, before) < 0 || call(Affinity.SET, mask) < 0) {
      arena.close();
      throw Refusal.device(
          "Linux does not bind a thread to processor " + processors,
          "name processors that this process may use, or none",
          null);
    }
    return before;
  }

  private static int call(MethodHandle function, MemorySegment mask) {
    try {
      return (int) function.invokeExact(CALLER, MASK_BYTES, mask);
    } catch (Throwable impossible) {
      throw new AssertionError(impossible);
    }
  }

  @Override
  public void close() {
    // What it was allowed before it is allowed again; where not, it stays where it is.
    before.ifPresent(mask -> call(Affinity.SET, mask));
    arena.close();
  }
}
