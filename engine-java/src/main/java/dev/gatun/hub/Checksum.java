// Checksum: what a file's content must hash to, as SHA-256 or as a git blob.
package dev.gatun.hub;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.Locale;
import java.util.Optional;

/**
 * An expected checksum, {@code hex} in lower case.
 *
 * @param kind what is hashed and how
 */
record Checksum(Kind kind, String hex) {
  private static final int CHUNK = 1 << 20; // bytes

  enum Kind {
    /** SHA-256 of the content. */
    SHA256("SHA-256", 64),
    /** SHA-1 of {@code "blob SIZE\0"} and the content (source: git-hash-object). */
    GIT_BLOB("SHA-1", 40);

    private final String algorithm;
    private final int digits;

    Kind(String algorithm, int digits) {
      this.algorithm = algorithm;
      this.digits = digits;
    }
  }

  /** Empty where {@code hex} is not a checksum of that kind. */
  static Optional<Checksum> of(Kind kind, String hex) {
    String lower = hex.toLowerCase(Locale.ROOT);
    return lower.matches("[0-9a-f]{" + kind.digits + "}")
        ? Optional.of(new Checksum(kind, lower))
        : Optional.empty();
  }

  /** A digest ready for the content of a file of {@code size} bytes. */
  MessageDigest start(long size) {
    try {
      MessageDigest digest = MessageDigest.getInstance(kind.algorithm);
      if (kind == Kind.GIT_BLOB) {
        digest.update(("blob " + size + "\0").getBytes(StandardCharsets.US_ASCII));
      }
      return digest;
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every Java platform has SHA-1 and SHA-256", e);
    }
  }

  /** Ends {@code digest} and compares it. */
  boolean matches(MessageDigest digest) {
    return HexFormat.of().formatHex(digest.digest()).equals(hex);
  }

  boolean matches(Path file) throws IOException, InterruptedException {
    MessageDigest digest = start(Files.size(file));
    update(digest, file);
    return matches(digest);
  }

  /** Adds the content of {@code file}; gigabytes take seconds, so an interrupt is looked for. */
  static void update(MessageDigest digest, Path file) throws IOException, InterruptedException {
    try (InputStream in = Files.newInputStream(file)) {
      byte[] chunk = new byte[CHUNK];
      for (int read = in.read(chunk); read >= 0; read = in.read(chunk)) {
        if (Thread.interrupted()) {
          throw new InterruptedException();
        }
        digest.update(chunk, 0, read);
      }
    }
  }
}
