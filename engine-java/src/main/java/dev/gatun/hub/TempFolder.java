// TempFolder: a folder that does not outlive its use, even at Ctrl-C.
package dev.gatun.hub;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

/**
 * An empty folder, deleted by {@link #close} or when the process ends, with the program that writes
 * into it stopped.
 */
public final class TempFolder implements AutoCloseable {
  private static final long STOP_MILLIS = 2000;

  private final Path path;
  private final Thread hook = new Thread(this::clear);
  private volatile Optional<Process> writer = Optional.empty();

  private TempFolder(Path path) {
    this.path = path;
  }

  /**
   * Creates it anew: what a killed process left there is deleted first. The caller holds the lock
   * of the parent.
   */
  public static TempFolder create(Path path) {
    TempFolder folder = new TempFolder(path);
    folder.clear();
    CacheFolder.create(path);
    Runtime.getRuntime().addShutdownHook(folder.hook);
    return folder;
  }

  public Path path() {
    return path;
  }

  /** Names the program that writes here; it is stopped before the folder is deleted. */
  public void writtenBy(Process process) {
    writer = Optional.of(process);
  }

  /** Bytes in all its files at this moment. */
  long size() {
    long sum = 0;
    for (Path file : tree()) {
      try {
        sum += Files.isRegularFile(file) ? Files.size(file) : 0;
      } catch (IOException e) {
        continue; // it was moved or deleted by its writer meanwhile
      }
    }
    return sum;
  }

  @Override
  public void close() {
    clear();
    try {
      Runtime.getRuntime().removeShutdownHook(hook);
    } catch (IllegalStateException e) {
      return; // the process is ending and the hook runs already
    }
  }

  private void clear() {
    writer.ifPresent(TempFolder::stop);
    for (Path file : tree()) {
      try {
        Files.deleteIfExists(file);
      } catch (IOException e) {
        continue; // the next download into this folder starts by deleting it again
      }
    }
  }

  private static void stop(Process process) {
    List<ProcessHandle> all =
        Stream.concat(process.descendants(), Stream.of(process.toHandle())).toList();
    all.forEach(ProcessHandle::destroy);
    try {
      if (!process.waitFor(STOP_MILLIS, TimeUnit.MILLISECONDS)) {
        all.forEach(ProcessHandle::destroyForcibly);
      }
    } catch (InterruptedException e) {
      all.forEach(ProcessHandle::destroyForcibly);
      Thread.currentThread().interrupt();
    }
  }

  // Children before their folders. Empty where the folder is missing or changes underfoot.
  private List<Path> tree() {
    try (Stream<Path> files = Files.walk(path)) {
      return files.sorted(Comparator.reverseOrder()).toList();
    } catch (IOException | UncheckedIOException e) {
      return List.of();
    }
  }
}
