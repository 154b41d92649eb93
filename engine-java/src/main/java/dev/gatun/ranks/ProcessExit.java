// ProcessExit: ends this process while other threads of it may be inside MPI.
package dev.gatun.ranks;

import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;

/**
 * Java's own ways out call C's {@code exit}, which runs what MPI's libraries do at an end. They may
 * wait there for the thread that is inside them, or for a process that stands still.
 */
final class ProcessExit {
  private static final MethodHandle EXIT =
      Linker.nativeLinker()
          .downcallHandle(
              Linker.nativeLinker().defaultLookup().findOrThrow("_exit"),
              FunctionDescriptor.ofVoid(ValueLayout.JAVA_INT));

  private ProcessExit() {}

  /** Does not return. */
  static void now(int code) {
    try {
      EXIT.invokeExact(code);
    } catch (Throwable e) {
      throw new AssertionError(e);
    }
  }
}
