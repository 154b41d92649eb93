// TextFile: reads whole texts from files and standard input; what is not UTF-8 is refused by its
// offset.
package dev.gatun.cli;

import dev.gatun.refusal.Refusal;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.CharBuffer;
import java.nio.charset.CoderResult;
import java.nio.charset.StandardCharsets;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Locale;

final class TextFile {
  /** More than any context holds; stops a device file or a stray archive from filling the heap. */
  static final int LIMIT_BYTES = 256 << 20;

  private TextFile() {}

  /** The text of {@code file}, or of standard input where it is {@code -}. */
  static String read(String file, Stdio stdio) {
    try (InputStream in = open(file, stdio)) {
      return read(in, name(file));
    } catch (IOException e) {
      throw unreadable(file, e);
    }
  }

  /** Opens {@code file}, or standard input where it is {@code -}. */
  static InputStream open(String file, Stdio stdio) {
    if (file.equals("-")) {
      return stdio.in();
    }
    try {
      Path path = Path.of(file);
      if (Files.isDirectory(path)) {
        throw Refusal.usage("'" + file + "' is a folder", "name a file");
      }
      return Files.newInputStream(path);
    } catch (IOException | InvalidPathException e) {
      throw unreadable(file, e);
    }
  }

  /** {@code bytes} as text; {@code name} is what they are called in a refusal. */
  static String decode(byte[] bytes, String name) {
    ByteBuffer in = ByteBuffer.wrap(bytes);
    CharBuffer out = CharBuffer.allocate(bytes.length);
    CoderResult result = StandardCharsets.UTF_8.newDecoder().decode(in, out, true);
    if (result.isError()) {
      throw Refusal.usage(
          String.format(
              Locale.ROOT,
              "%s is not UTF-8: byte 0x%02x at offset %d",
              name,
              in.get(in.position()),
              in.position()),
          "convert it, for example with iconv -t UTF-8");
    }
    return out.flip().toString();
  }

  /** What {@code file} is called in a message. */
  static String name(String file) {
    return file.equals("-") ? "standard input" : "'" + file + "'";
  }

  static Refusal unreadable(String file, Exception e) {
    return Refusal.usage(
        "cannot read " + name(file) + ": " + reason(e), "check the name and the permissions");
  }

  /**
   * Why a file could not be read or written; the message of Java's exception is often only the name
   * again.
   */
  static String reason(Exception e) {
    return switch (e) {
      case NoSuchFileException _ -> "there is no such file or folder";
      case AccessDeniedException _ -> "permission denied";
      case FileSystemException failure when failure.getReason() != null -> failure.getReason();
      default -> String.valueOf(e.getMessage());
    };
  }

  private static String read(InputStream in, String name) throws IOException {
    byte[] bytes = in.readNBytes(LIMIT_BYTES + 1);
    if (bytes.length > LIMIT_BYTES) {
      throw Refusal.usage(
          name + " is larger than " + (LIMIT_BYTES >> 20) + " MiB", "give a shorter text");
    }
    return decode(bytes, name);
  }
}
