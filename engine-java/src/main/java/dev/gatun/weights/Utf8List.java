// Utf8List: many texts as the bytes a file holds them in.
package dev.gatun.weights;

import java.nio.charset.StandardCharsets;
import java.util.AbstractList;
import java.util.Arrays;
import java.util.List;
import java.util.RandomAccess;

/**
 * An unmodifiable list of texts that lie one after the other in one array: a tokenizer's 150,000
 * tokens and as many merges are read in a fraction of the time that a {@code String} for each
 * takes. Every text is well-formed UTF-8.
 */
public final class Utf8List extends AbstractList<String> implements RandomAccess {
  private static final byte[] REPLACEMENT = "\uFFFD".getBytes(StandardCharsets.UTF_8);

  private final byte[] bytes;
  private final int[] ends;

  private Utf8List(byte[] bytes, int[] ends) {
    this.bytes = bytes;
    this.ends = ends;
  }

  /** The same texts; {@code texts} itself where it is such a list. */
  public static Utf8List of(List<String> texts) {
    if (texts instanceof Utf8List list) {
      return list;
    }
    Builder builder = new Builder(texts.size());
    texts.forEach(builder::add);
    return builder.build();
  }

  @Override
  public int size() {
    return ends.length;
  }

  @Override
  public String get(int index) {
    int start = start(index);
    return new String(bytes, start, ends[index] - start, StandardCharsets.UTF_8);
  }

  /** The array that all texts lie in, from its first byte on; not to be written to. */
  public byte[] bytes() {
    return bytes;
  }

  /** Where a text begins in {@link #bytes}. */
  public int start(int index) {
    return index == 0 ? 0 : ends[index - 1];
  }

  /** Where a text ends in {@link #bytes}. */
  public int end(int index) {
    return ends[index];
  }

  /** Collects texts in their order; for one thread. */
  public static final class Builder {
    private byte[] bytes;
    private int used;
    private int[] ends;
    private int size;

    /** {@code count} texts are expected, which need not be all. */
    public Builder(int count) {
      ends = new int[count];
      bytes = new byte[8 * count + 8];
    }

    /** A text that is UTF-8; malformed parts become U+FFFD as Java's decoder has them. */
    void add(byte[] source, int at, int length) {
      if (!isWellFormed(source, at, at + length)) {
        add(new String(source, at, length, StandardCharsets.UTF_8));
        return;
      }
      reserve(length);
      System.arraycopy(source, at, bytes, used, length);
      used += length;
      end();
    }

    /** A text whose lone surrogates become U+FFFD. */
    public void add(String text) {
      reserve(3L * text.length());
      for (int i = 0; i < text.length(); i++) {
        char c = text.charAt(i);
        if (c < 0x80) {
          bytes[used++] = (byte) c;
        } else if (c < 0x800) {
          put(0xC0 | c >> 6, c);
        } else if (!Character.isSurrogate(c)) {
          put(0xE0 | c >> 12, c >> 6);
          bytes[used++] = (byte) (0x80 | c & 0x3F);
        } else if (text.codePointAt(i) != c) {
          int codePoint = text.codePointAt(i++);
          put(0xF0 | codePoint >> 18, codePoint >> 12);
          put(0x80 | codePoint >> 6 & 0x3F, codePoint);
        } else {
          System.arraycopy(REPLACEMENT, 0, bytes, used, REPLACEMENT.length);
          used += REPLACEMENT.length;
        }
      }
      end();
    }

    /** How many were added. */
    public int size() {
      return size;
    }

    /** All texts that were added; the builder is of no further use. */
    public Utf8List build() {
      return new Utf8List(bytes, Arrays.copyOf(ends, size));
    }

    private void put(int lead, int next) {
      bytes[used++] = (byte) lead;
      bytes[used++] = (byte) (0x80 | next & 0x3F);
    }

    private void reserve(long more) {
      if (more > bytes.length - used) {
        bytes = Arrays.copyOf(bytes, Math.toIntExact(Math.max(used + more, 2L * bytes.length)));
      }
    }

    private void end() {
      if (size == ends.length) {
        ends = Arrays.copyOf(ends, 2 * size + 8);
      }
      ends[size++] = used;
    }
  }

  // Unicode 16, table 3-7.
  private static boolean isWellFormed(byte[] bytes, int from, int to) {
    int at = from;
    while (at < to) {
      int lead = bytes[at++];
      if (lead >= 0) {
        continue;
      }
      int trail = lead < (byte) 0xC2 ? -1 : lead < (byte) 0xE0 ? 1 : lead < (byte) 0xF0 ? 2 : 3;
      if (trail < 0 || lead > (byte) 0xF4 || trail > to - at || !follows(lead, bytes[at])) {
        return false;
      }
      for (int i = 1; i < trail; i++) {
        if (bytes[at + i] >= (byte) 0xC0) {
          return false;
        }
      }
      at += trail;
    }
    return true;
  }

  // Whether a second byte is one, and neither overlong, nor a surrogate's, nor beyond U+10FFFF.
  private static boolean follows(int lead, byte second) {
    return second < (byte) 0xC0
        && switch (lead & 0xFF) {
          case 0xE0 -> second >= (byte) 0xA0;
          case 0xED -> second < (byte) 0xA0;
          case 0xF0 -> second >= (byte) 0x90;
          case 0xF4 -> second < (byte) 0x90;
          default -> true;
        };
  }
}
