// CacheLock: lets one thread of one process at a time fetch into a folder.
package dev.gatun.hub;

import dev.gatun.refusal.Refusal;
import java.io.IOException;
import java.nio.channels.ClosedByInterruptException;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/**
 * A lock on a folder across threads and processes, given up by {@link #close} or by the end of the
 * process.
 */
final class CacheLock implements AutoCloseable {
  private static final long POLL_MILLIS = 100;

  // The system's lock belongs to the process, and closing any channel on the file drops it: threads
  // queue here first.
  private static final Set<Path> HELD = ConcurrentHashMap.newKeySet();

  private final Path file;
  private final FileChannel channel;

  private CacheLock(Path file, FileChannel channel) {
    this.file = file;
    this.channel = channel;
  }

  /**
   * Waits, without limit but interruptibly, until no one else fetches into {@code folder}, which
   * exists.
   */
  static CacheLock on(Path folder, FetchListener listener) throws InterruptedException {
    Path file = folder.resolve(".gatun-lock").toAbsolutePath().normalize();
    boolean waited = false;
    while (!HELD.add(file)) {
      waited = waiting(waited, folder, listener);
    }
    try {
      return new CacheLock(file, lock(file, waited, listener));
    } catch (IOException e) {
      HELD.remove(file);
      throw CacheFolder.unwritable(file, e);
    } catch (InterruptedException | RuntimeException e) {
      HELD.remove(file);
      throw e;
    }
  }

  private static FileChannel lock(Path file, boolean alreadyWaited, FetchListener listener)
      throws IOException, InterruptedException {
    FileChannel channel =
        FileChannel.open(file, StandardOpenOption.CREATE, StandardOpenOption.WRITE);
    try {
      boolean waited = alreadyWaited;
      while (channel.tryLock() == null) {
        waited = waiting(waited, file.getParent(), listener);
      }
      return channel;
    } catch (ClosedByInterruptException e) {
      Thread.interrupted();
      throw new InterruptedException();
    } catch (IOException | InterruptedException | RuntimeException e) {
      channel.close();
      throw e;
    }
  }

  private static boolean waiting(boolean said, Path folder, FetchListener listener)
      throws InterruptedException {
    if (!said) {
      listener.tell("waiting for another download into " + folder);
    }
    Thread.sleep(POLL_MILLIS);
    return true;
  }

  @Override
  public void close() {
    try {
      channel.close();
    } catch (IOException e) {
      throw Refusal.io("cannot release " + file + ": " + e.getMessage(), "run it again", e);
    } finally {
      HELD.remove(file);
    }
  }
}
