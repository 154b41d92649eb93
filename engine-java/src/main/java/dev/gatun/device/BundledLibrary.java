// BundledLibrary: the native library out of the jar of its platform, as a file that can be loaded.
package dev.gatun.device;

import dev.gatun.hub.CacheFolder;
import dev.gatun.refusal.Refusal;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.nio.file.attribute.UserPrincipal;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.Optional;
import java.util.Set;

/**
 * A library cannot be loaded out of a jar. It is copied to {@code lib/HASH/libgatun.so} of the
 * cache folder, once for each content: the hash is of the content, a copy gets its name by an
 * atomic rename, and one that is there is compared before it is used. So any number of processes
 * may do this at once, and versions do not meet. The folder is this user's alone, since whoever
 * writes there decides what runs here.
 */
final class BundledLibrary {
  /** In the artefact with the platform's classifier. */
  static final String RESOURCE = "dev/gatun/linux-x86_64/libgatun.so";

  private static final String NAME = "libgatun.so";
  private static final Set<PosixFilePermission> OWN = PosixFilePermissions.fromString("rwx------");
  private static final Set<PosixFilePermission> OTHERS_WRITE =
      PosixFilePermissions.fromString("----w--w-");

  private BundledLibrary() {}

  /** The file, where a jar on the class or module path has the library. */
  static Optional<Path> file() {
    try (InputStream in = BundledLibrary.class.getClassLoader().getResourceAsStream(RESOURCE)) {
      return in == null
          ? Optional.empty()
          : Optional.of(
              file(in.readAllBytes(), CacheFolder.fromEnvironment(System.getenv()).root()));
    } catch (IOException e) {
      throw Refusal.io(
          "cannot read " + RESOURCE + " of the jar: " + e.getMessage(), "fetch the jar again", e);
    }
  }

  /**
   * @param cache folder of this user's, which need not be there
   */
  static Path file(byte[] library, Path cache) {
    Path folder = cache.toAbsolutePath().resolve("lib").resolve(hash(library));
    try {
      Files.createDirectories(folder, PosixFilePermissions.asFileAttribute(OWN));
      requireOwn(folder);
      Path file = folder.resolve(NAME);
      if (!holds(file, library)) {
        place(file, library);
      }
      return file;
    } catch (IOException e) {
      throw Refusal.io(
          "cannot copy " + NAME + " to " + folder + ": " + e,
          "set GATUN_CACHE to a folder of your own, or name the library with -Dgatun.library=FILE",
          e);
    }
  }

  private static boolean holds(Path file, byte[] library) throws IOException {
    return Files.isRegularFile(file, LinkOption.NOFOLLOW_LINKS)
        && Files.size(file) == library.length
        && Arrays.equals(Files.readAllBytes(file), library);
  }

  // Others may have the file that was there mapped: it is replaced, never written to.
  private static void place(Path file, byte[] library) throws IOException {
    Path part = Files.createTempFile(file.getParent(), NAME, ".part");
    try {
      Files.write(part, library);
      Files.move(part, file, StandardCopyOption.ATOMIC_MOVE);
    } finally {
      Files.deleteIfExists(part);
    }
  }

  private static void requireOwn(Path folder) throws IOException {
    UserPrincipal user = Files.getOwner(Path.of("/proc/self")); // of the process, not by a name
    for (Path each : new Path[] {folder, folder.getParent()}) {
      Set<PosixFilePermission> permissions =
          Files.getPosixFilePermissions(each, LinkOption.NOFOLLOW_LINKS);
      boolean foreign = !Files.getOwner(each, LinkOption.NOFOLLOW_LINKS).equals(user);
      if (foreign || permissions.stream().anyMatch(OTHERS_WRITE::contains)) {
        throw Refusal.io(
            each + " is not this user's alone, so what lies in it is not loaded",
            "take others' leave to write from it, or set GATUN_CACHE to a folder of your own",
            null);
      }
    }
  }

  private static String hash(byte[] library) {
    try {
      byte[] digest = MessageDigest.getInstance("SHA-256").digest(library);
      return HexFormat.of().formatHex(digest, 0, 16);
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException(e); // every Java has it
    }
  }
}
