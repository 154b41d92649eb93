// HuggingFace: models of a Hugging Face-compatible endpoint, fetched once and kept.
package dev.gatun.hub;

import dev.gatun.hub.FetchListener.Progress;
import dev.gatun.refusal.Refusal;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/** {@code -hf owner/repo[:file-or-quantisation]}. */
public final class HuggingFace {
  private final RepoName name;
  private final FetchOptions options;

  private HuggingFace(RepoName name, FetchOptions options) {
    this.name = name;
    this.options = options;
  }

  /**
   * The model that {@code spec} names, downloaded where it is not in the cache folder yet. What is
   * there in whole is returned without a word to the network, also when the repository has changed
   * meanwhile; delete its folder to fetch it anew. Without a choice the GGUF in Q4_K_M is taken,
   * else in Q8_0, else the first; in a repository without GGUF the folder of its safetensors.
   *
   * @param spec {@code owner/repo}, {@code owner/repo:Q4_K_M} or {@code owner/repo:file.gguf}
   * @return the GGUF file (the first of a split one, the others beside it) or the folder of
   *     config.json and safetensors
   * @throws Refusal USAGE where spec, repository or file is not known; IO where the network fails
   *     for good, access is refused, a checksum is wrong or the folder cannot be written; MODEL
   *     where the repository lacks a part; INTERRUPTED
   */
  public static Path fetch(String spec, FetchOptions options) {
    RepoName name = RepoName.parse(spec);
    try {
      return new HuggingFace(name, options).fetch();
    } catch (InterruptedException e) {
      throw Refusal.interrupted(
          "the download of " + name.id() + " was interrupted, what has come is kept");
    }
  }

  private Path fetch() throws InterruptedException {
    Path folder =
        options
            .cache()
            .root()
            .resolve("hf")
            .resolve(name.owner())
            .resolve(name.repo())
            .resolve(revisionFolder());
    Optional<Path> here = here(CachedRevision.open(folder));
    if (here.isPresent()) {
      return here.get();
    }
    if (options.offline()) {
      throw Refusal.io(
          "not all files of " + described() + " are in " + folder,
          "run it once without --offline, with a network",
          null);
    }
    CacheFolder.create(folder);
    try (CacheLock _ = CacheLock.on(folder, options.listener())) {
      CachedRevision cached = CachedRevision.open(folder);
      Optional<Path> brought = here(cached); // by another process, meanwhile
      return brought.isPresent() ? brought.get() : download(cached);
    }
  }

  // A branch named feature/x must not become two folders, nor the revision ".." the parent.
  private String revisionFolder() {
    String revision = options.revision();
    if (revision.isBlank() || revision.startsWith(".")) {
      throw Refusal.usage("\"" + revision + "\" is no revision", "name a branch, tag or commit");
    }
    return Endpoint.coded(revision);
  }

  private Optional<Path> here(CachedRevision cached) throws InterruptedException {
    if (cached.listed().isEmpty()) {
      return Optional.empty();
    }
    Choice choice;
    try {
      choice = Choice.of(cached.listed(), name.id(), name.choice());
    } catch (Refusal e) {
      return Optional.empty(); // the repository may have got that file since it was listed
    }
    for (RemoteFile file : choice.files()) {
      if (options.verify() && cached.holds(file)) {
        cached.verify(file);
      }
    }
    return choice.files().stream().allMatch(cached::holds)
        ? Optional.of(result(cached, choice))
        : Optional.empty();
  }

  private Path download(CachedRevision cached) throws InterruptedException {
    try (Endpoint endpoint = new Endpoint(options)) {
      List<RemoteFile> listed =
          new Retry("listing " + name.id(), options).run(() -> endpoint.list(name));
      Choice choice = Choice.of(listed, name.id(), name.choice());
      cached.list(listed);
      List<RemoteFile> missing =
          choice.files().stream().filter(file -> !cached.holds(file)).toList();
      long total = missing.stream().mapToLong(file -> file.size().orElse(0L)).sum();
      long begun =
          missing.stream().mapToLong(file -> new Part(file, cached.path(file)).length()).sum();
      CacheFolder.requireRoom(cached.folder(), total - begun);
      boolean known = missing.stream().allMatch(file -> file.size().isPresent());
      try (Progress progress = options.listener().begin(described(), known ? total : -1)) {
        long before = 0;
        for (RemoteFile file : missing) {
          before += bring(endpoint, cached, file, before, progress);
        }
      }
      return result(cached, choice);
    }
  }

  private long bring(
      Endpoint endpoint, CachedRevision cached, RemoteFile file, long before, Progress progress)
      throws InterruptedException {
    if (file.checksum().isEmpty()) {
      options
          .listener()
          .tell("no checksum is listed for " + file.path() + ": only its size is checked");
    }
    long size =
        new Download(endpoint, name, file, cached.path(file), options)
            .run(length -> progress.to(before + length));
    cached.keep(file, size);
    return size;
  }

  private String described() {
    return name.id() + name.choice().map(choice -> ":" + choice).orElse("");
  }

  private static Path result(CachedRevision cached, Choice choice) {
    return choice.folder() ? cached.folder() : cached.path(choice.files().getFirst());
  }
}
