// ReadHook: a checkpoint to whose files something happens in the middle of a load.
package dev.gatun.weights;

import java.lang.foreign.MemorySegment;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;
import java.util.List;
import java.util.Optional;

/** Counts the reads of a checkpoint's tensors, and acts before one of them. */
public final class ReadHook {
  private final Runnable action;
  private int left;

  private ReadHook(int reads, Runnable action) {
    this.left = reads;
    this.action = action;
  }

  /** {@code checkpoint}, whose {@code n}th read (from 1) starts when {@code action} is over. */
  public static Checkpoint before(int n, Checkpoint checkpoint, Runnable action) {
    ReadHook hook = new ReadHook(n, action);
    return (Checkpoint)
        Proxy.newProxyInstance(
            Checkpoint.class.getClassLoader(),
            new Class<?>[] {Checkpoint.class},
            (proxy, method, arguments) -> {
              try {
                return hook.watched(method.invoke(checkpoint, arguments));
              } catch (InvocationTargetException e) {
                throw e.getCause();
              }
            });
  }

  private Object watched(Object result) {
    return switch (result) {
      case Weight weight -> watched(weight);
      case Optional<?> found -> found.map(this::watched);
      case null -> null;
      default -> result;
    };
  }

  private Weight watched(Weight weight) {
    List<ByteRange> data = weight.data().stream().<ByteRange>map(Watched::new).toList();
    return new Weight(weight.name(), weight.dtype(), weight.shape(), data, weight.group());
  }

  private void reading() {
    if (--left == 0) {
      action.run();
    }
  }

  private final class Watched implements ByteRange {
    private final ByteRange range;

    Watched(ByteRange range) {
      this.range = range;
    }

    @Override
    public long bytes() {
      return range.bytes();
    }

    @Override
    public ByteRange slice(long offset, long bytes) {
      return new Watched(range.slice(offset, bytes));
    }

    @Override
    public ByteRange named(String name) {
      return new Watched(range.named(name));
    }

    @Override
    public Reading begin(long offset, MemorySegment into) {
      reading();
      return range.begin(offset, into);
    }
  }
}
