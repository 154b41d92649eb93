// EmulatedNccl: NCCL played by files: GPUs of several processes hand each other bytes.
package dev.gatun.device;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.MemorySegment;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.Arrays;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;

/**
 * Each rank's part of each exchange is a file. The host waits, which a real one does not; what came
 * is in the memory once it was waited for, as a copy is.
 */
final class EmulatedNccl implements Nccl {
  private static final long PATIENCE_SECONDS = 60; // only stops what hangs

  private final Path folder;
  private final int rank;
  private final EmulatedCopies copies;
  private int exchanges;

  EmulatedNccl(byte[] id, int rank, EmulatedCopies copies) {
    this.folder = Path.of(new String(id, StandardCharsets.UTF_8).strip());
    this.rank = rank;
    this.copies = copies;
  }

  /** A new folder's path. */
  static byte[] newId() {
    try {
      Path folder = Files.createTempDirectory("nccl");
      folder.toFile().deleteOnExit();
      byte[] id = new byte[Communicator.ID_BYTES];
      Arrays.fill(id, (byte) ' ');
      byte[] path = folder.toString().getBytes(StandardCharsets.UTF_8);
      System.arraycopy(path, 0, id, 0, path.length);
      return id;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  @Override
  public void exchange(MemorySegment memory, Parts parts, MemorySegment stream) {
    copies.show(memory);
    MemorySegment all = memory.reinterpret(parts.bytes());
    try {
      Path unfinished =
          Files.write(
              folder.resolve("unfinished-" + rank),
              copies.send(all.asSlice(parts.begin(rank), parts.bytes(rank)), stream.address()));
      Files.move(unfinished, file(exchanges, rank), StandardCopyOption.ATOMIC_MOVE);
      for (int other = 0; other < parts.count(); other++) {
        if (other != rank) {
          byte[] part = await(file(exchanges, other));
          long begin = parts.begin(other, rank);
          int from = (int) (begin - parts.begin(other));
          byte[] piece = Arrays.copyOfRange(part, from, from + (int) parts.bytes(other, rank));
          copies.arrive(piece, all.asSlice(begin, piece.length), stream.address());
        }
      }
      // Who is here has read all of the exchange before.
      Files.deleteIfExists(file(exchanges - 1, rank));
      exchanges++;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static byte[] await(Path file) throws IOException {
    long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(PATIENCE_SECONDS);
    while (!Files.exists(file)) {
      if (System.nanoTime() > end) {
        throw new IllegalStateException(file + " does not come");
      }
      LockSupport.parkNanos(50_000);
    }
    return Files.readAllBytes(file);
  }

  private Path file(int exchange, int of) {
    return folder.resolve(exchange + "-" + of);
  }

  /** What the tests make up. */
  @Override
  public Optional<String> failure() {
    return Optional.ofNullable(System.getProperty("gatun.emulated.nccl-failure"));
  }

  @Override
  public void close() {
    try {
      Files.deleteIfExists(file(exchanges - 1, rank));
      Files.deleteIfExists(folder);
    } catch (IOException e) {
      // Others have not closed yet: the last one finds it empty.
    }
  }
}
