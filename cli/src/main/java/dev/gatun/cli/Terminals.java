// Terminals: what the C library knows of the terminals at the standard streams.
package dev.gatun.cli;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;

/** Java's Console knows standard input and output together only. */
final class Terminals {
  /** Asks for a {@code struct winsize} (source: ioctl_tty(2)). */
  private static final long TIOCGWINSZ = 0x5413;

  private static final int WINSIZE_SHORTS = 4;
  private static final int WINSIZE_COLUMNS = 1;

  private static final MethodHandle ISATTY =
      handle("isatty", FunctionDescriptor.of(ValueLayout.JAVA_INT, ValueLayout.JAVA_INT));

  private Terminals() {}

  // Linked when it is first asked for, which a program without a terminal never does.
  private static final class Ioctl {
    static final MethodHandle HANDLE =
        handle(
            "ioctl",
            FunctionDescriptor.of(
                ValueLayout.JAVA_INT,
                ValueLayout.JAVA_INT,
                ValueLayout.JAVA_LONG,
                ValueLayout.ADDRESS),
            Linker.Option.firstVariadicArg(2));
  }

  /** Whether a file descriptor is a terminal. */
  static boolean isTerminal(int descriptor) {
    try {
      return (int) ISATTY.invokeExact(descriptor) == 1;
    } catch (Throwable impossible) {
      throw new AssertionError(impossible);
    }
  }

  /** Columns of the terminal at a file descriptor, as they are now; 0 where nothing is known. */
  static int columns(int descriptor) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment size = arena.allocate(ValueLayout.JAVA_SHORT, WINSIZE_SHORTS);
      int status = (int) Ioctl.HANDLE.invokeExact(descriptor, TIOCGWINSZ, size);
      return status == 0
          ? Short.toUnsignedInt(size.getAtIndex(ValueLayout.JAVA_SHORT, WINSIZE_COLUMNS))
          : 0;
    } catch (Throwable impossible) {
      throw new AssertionError(impossible);
    }
  }

  private static MethodHandle handle(
      String function, FunctionDescriptor descriptor, Linker.Option... options) {
    Linker linker = Linker.nativeLinker();
    return linker.downcallHandle(linker.defaultLookup().findOrThrow(function), descriptor, options);
  }
}
