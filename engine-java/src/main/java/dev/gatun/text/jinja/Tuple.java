// Tuple: a list that prints with parentheses and never equals a list.
package dev.gatun.text.jinja;

import java.util.AbstractList;
import java.util.Arrays;
import java.util.List;
import java.util.RandomAccess;

final class Tuple extends AbstractList<Object> implements RandomAccess {
  private final List<?> items;

  Tuple(List<?> items) {
    this.items = items;
  }

  static Tuple of(Object... items) {
    return new Tuple(Arrays.asList(items));
  }

  @Override
  public Object get(int index) {
    return items.get(index);
  }

  @Override
  public int size() {
    return items.size();
  }
}
