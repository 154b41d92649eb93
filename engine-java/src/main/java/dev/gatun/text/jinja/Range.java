// Range: what range() returns; its numbers are made as they are read.
package dev.gatun.text.jinja;

import static dev.gatun.text.jinja.TemplateFault.runtime;

import java.util.AbstractList;
import java.util.Objects;
import java.util.RandomAccess;

final class Range extends AbstractList<Object> implements RandomAccess {
  /** The limit of Jinja2's sandbox. */
  private static final long MAX_SIZE = 100_000;

  private final long start;
  private final long stop;
  private final long step;
  private final int size;

  Range(long start, long stop, long step) {
    if (step == 0) {
      throw runtime("range() arg 3 must not be zero");
    }
    double count = Math.ceil(((double) stop - start) / step);
    if (count > MAX_SIZE) {
      throw runtime("Range too big. The sandbox blocks ranges larger than MAX_RANGE (100000).");
    }
    this.start = start;
    this.stop = stop;
    this.step = step;
    this.size = (int) Math.max(0, count);
  }

  static Range of(Arguments arguments) {
    int count = arguments.positional().size();
    if (count < 1 || count > 3 || !arguments.named().isEmpty()) {
      throw runtime("range expected 1 to 3 arguments, got " + count);
    }
    long first = Numbers.index(arguments.positional().getFirst());
    long second = count > 1 ? Numbers.index(arguments.positional().get(1)) : 0;
    long step = count > 2 ? Numbers.index(arguments.positional().get(2)) : 1;
    return count == 1 ? new Range(0, first, step) : new Range(first, second, step);
  }

  @Override
  public Object get(int index) {
    return start + Objects.checkIndex(index, size) * step;
  }

  @Override
  public int size() {
    return size;
  }

  @Override
  public String toString() {
    return "range(" + start + ", " + stop + (step == 1 ? "" : ", " + step) + ")";
  }
}
