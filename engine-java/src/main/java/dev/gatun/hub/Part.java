// Part: the beginning of a file that is still being downloaded, and its digest.
package dev.gatun.hub;

import dev.gatun.refusal.Refusal;
import java.io.FileOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.security.MessageDigest;
import java.util.List;
import java.util.Optional;

/**
 * {@code PATH.part} and {@code PATH.part-state} of the file PATH. Failures to write are Refusals at
 * once: they must not be taken for the network's, which are tried again.
 */
final class Part implements AutoCloseable {
  private final RemoteFile file;
  private final Path target;
  private final Path part;
  private final Path stateFile;
  private Optional<FileOutputStream> out = Optional.empty();
  private Optional<MessageDigest> digest = Optional.empty();
  private long digested; // leading bytes of the part that are in the digest

  Part(RemoteFile file, Path target) {
    this.file = file;
    this.target = target;
    this.part = target.resolveSibling(target.getFileName() + ".part");
    this.stateFile = target.resolveSibling(target.getFileName() + ".part-state");
  }

  /** The state to go on from; empty where the file has to come from its first byte. */
  Optional<PartState> state() {
    return PartState.read(stateFile).filter(state -> state.resumable(file));
  }

  /** Bytes to go on from. */
  long length() {
    try {
      return state().isPresent() ? Files.size(part) : 0;
    } catch (IOException e) {
      return 0; // a state without its part
    }
  }

  /** Forgets what has come. */
  void discard() {
    try {
      Files.deleteIfExists(stateFile);
      Files.deleteIfExists(part);
    } catch (IOException e) {
      throw CacheFolder.unwritable(part, e);
    }
  }

  /** Opens it empty, for the version of the file that {@code state} tells of. */
  void begin(PartState state) {
    try {
      out = Optional.of(new FileOutputStream(part.toFile(), false));
      state.write(stateFile);
      digest = file.checksum().map(checksum -> checksum.start(state.size()));
      digested = 0;
    } catch (IOException e) {
      throw CacheFolder.unwritable(part, e);
    }
  }

  /** Opens it behind its {@code length} bytes, of {@code size} in the end. */
  void resume(long length, long size) throws InterruptedException {
    try {
      out = Optional.of(new FileOutputStream(part.toFile(), true));
      if (file.checksum().isPresent() && (digest.isEmpty() || digested != length)) {
        MessageDigest fresh = file.checksum().get().start(size);
        Checksum.update(fresh, part);
        digest = Optional.of(fresh);
        digested = length;
      }
    } catch (IOException e) {
      throw CacheFolder.unwritable(part, e);
    }
  }

  /** Appends; returns the number of bytes. */
  long append(List<ByteBuffer> pieces) {
    long sum = 0;
    for (ByteBuffer piece : pieces) {
      byte[] bytes = new byte[piece.remaining()];
      piece.get(bytes);
      try {
        out.orElseThrow().write(bytes);
      } catch (IOException e) {
        throw CacheFolder.unwritable(part, e);
      }
      digest.ifPresent(d -> d.update(bytes));
      sum += bytes.length;
    }
    digested += sum;
    return sum;
  }

  /** Gives the whole part its name if its checksum is right, else deletes it. */
  void finish() {
    if (digest.isPresent() && !file.checksum().orElseThrow().matches(digest.get())) {
      close();
      discard();
      throw Refusal.io(
          "the checksum of " + file.path() + " is wrong, what had come was deleted",
          "run it again; if it stays so, the file on the server is damaged",
          null);
    }
    try {
      out.orElseThrow().getFD().sync(); // the name must not outlive the bytes in a power cut
      close();
      Files.move(part, target, StandardCopyOption.ATOMIC_MOVE);
      Files.deleteIfExists(stateFile);
    } catch (IOException e) {
      throw CacheFolder.unwritable(target, e);
    }
  }

  /** Closes the file; what has come stays. */
  @Override
  public void close() {
    try {
      if (out.isPresent()) {
        out.get().close();
      }
    } catch (IOException e) {
      throw CacheFolder.unwritable(part, e);
    } finally {
      out = Optional.empty();
    }
  }
}
