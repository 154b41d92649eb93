// EmulatedCuda: the functions of kernels-cuda/emulation/emulated.h: streams and captures of the
// emulated GPU.
package dev.gatun.device;

import dev.gatun.refusal.Refusal;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SymbolLookup;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.util.Arrays;

/** What fails is refused in CUDA's words, as {@link JavaCppRuntime} does. */
final class EmulatedCuda {
  private static final int ILLEGAL_ADDRESS = 700;

  private final SymbolLookup library = SymbolLookup.libraryLookup(Library.file(), Arena.global());
  private final MethodHandle openStream = function("stream_open", 1);
  private final MethodHandle closeStream = function("stream_close", 1);
  private final MethodHandle sync = function("stream_sync", 1);
  private final MethodHandle beginCapture = function("capture_begin", 1);
  private final MethodHandle endCapture = function("capture_end", 2);
  private final MethodHandle launch = function("graph_launch", 1);
  private final MethodHandle closeGraph = function("graph_close", 1);
  private final MethodHandle error =
      handle("error", FunctionDescriptor.of(ValueLayout.ADDRESS, ValueLayout.JAVA_INT));

  private MethodHandle function(String name, int addresses) {
    ValueLayout[] parameters = new ValueLayout[addresses];
    Arrays.fill(parameters, ValueLayout.ADDRESS);
    return handle(name, FunctionDescriptor.of(ValueLayout.JAVA_INT, parameters));
  }

  private MethodHandle handle(String name, FunctionDescriptor type) {
    MemorySegment address = library.find("gk_emulated_" + name).orElseThrow();
    return Linker.nativeLinker().downcallHandle(address, type);
  }

  private static Object call(MethodHandle function, Object... arguments) {
    try {
      return function.invokeWithArguments(arguments);
    } catch (Throwable e) {
      throw new IllegalStateException(e);
    }
  }

  private void check(String what, MethodHandle function, MemorySegment... arguments) {
    int status = (int) call(function, (Object[]) arguments);
    if (status != 0) {
      MemorySegment text = (MemorySegment) call(error, status);
      throw Refusal.device(
          what + ": " + text.reinterpret(4096).getString(0),
          status == ILLEGAL_ADDRESS ? Library.WHICH_OP : "run with " + JavaCppRuntime.PLAIN,
          null);
    }
  }

  private interface Call {
    void writeTo(MemorySegment out);
  }

  private static MemorySegment result(Call call) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment out = arena.allocate(ValueLayout.ADDRESS);
      call.writeTo(out);
      return out.get(ValueLayout.ADDRESS, 0);
    }
  }

  MemorySegment openStream() {
    return result(out -> check("opening a stream", openStream, out));
  }

  void closeStream(MemorySegment stream) {
    check("closing a stream", closeStream, stream);
  }

  /**
   * Refused while the stream captures, which then comes to nothing.
   *
   * @param what for the message
   */
  void sync(MemorySegment stream, String what) {
    check(what, sync, stream);
  }

  void beginCapture(MemorySegment stream) {
    check("recording a step", beginCapture, stream);
  }

  /** The graph of what was captured; refused where something was asked for that cannot be. */
  MemorySegment endCapture(MemorySegment stream) {
    return result(out -> check("recording a step", endCapture, stream, out));
  }

  void launch(MemorySegment graph) {
    check("starting a recorded step", launch, graph);
  }

  void closeGraph(MemorySegment graph) {
    check("closing a recorded step", closeGraph, graph);
  }
}
