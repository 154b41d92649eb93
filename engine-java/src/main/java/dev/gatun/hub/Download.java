// Download: brings one file over the network, going on where an earlier try was cut.
package dev.gatun.hub;

import dev.gatun.refusal.Refusal;
import java.io.IOException;
import java.net.http.HttpHeaders;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.function.LongConsumer;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** The download of one file of a repository into its place. */
final class Download {
  private static final Pattern RANGE = Pattern.compile("bytes (\\d{1,18})-\\d+/(\\d{1,18})");
  private static final long STEP = 1 << 20; // bytes that count as having come on

  private final Endpoint endpoint;
  private final RepoName repo;
  private final RemoteFile file;
  private final Path target;
  private final Retry retry;
  private long furthest; // longest the part has been

  Download(Endpoint endpoint, RepoName repo, RemoteFile file, Path target, FetchOptions options) {
    this.endpoint = endpoint;
    this.repo = repo;
    this.file = file;
    this.target = target;
    this.retry = new Retry("downloading " + file.path() + " of " + repo.id(), options);
  }

  /**
   * Brings the file.
   *
   * @param progress is told how many bytes of this file are here
   * @return size in bytes
   */
  long run(LongConsumer progress) throws InterruptedException {
    CacheFolder.create(target.getParent());
    try (Part part = new Part(file, target)) {
      long size = retry.run(() -> attempt(part, progress));
      part.finish();
      return size;
    }
  }

  private long attempt(Part part, LongConsumer progress) throws IOException, InterruptedException {
    part.close(); // of the attempt before
    Optional<PartState> state = part.state();
    long begun = part.length();
    if (state.isPresent() && begun == state.get().size()) {
      part.resume(begun, begun);
      return begun;
    }
    try (Endpoint.Answer answer = endpoint.file(repo, file.path(), headers(state, begun))) {
      return switch (answer.status()) {
        case 404 ->
            throw Refusal.usage(
                endpoint.host() + " lists " + file.path() + " in " + repo.id() + " and has it not",
                "choose another file of it");
        case 416 -> throw startOver(part);
        case 206 -> {
          long size = state.map(PartState::size).orElse(-1L);
          if (!sameFile(state, begun, answer.headers())) {
            throw startOver(part);
          }
          part.resume(begun, size);
          yield receive(part, answer, begun, size, progress);
        }
        default -> {
          long size = size(answer.headers());
          part.begin(
              new PartState(tag(answer.headers()), size, file.checksum().map(Checksum::hex)));
          yield receive(part, answer, 0, size, progress);
        }
      };
    }
  }

  private static Map<String, String> headers(Optional<PartState> state, long begun) {
    Map<String, String> headers = new HashMap<>(Map.of("Accept-Encoding", "identity"));
    if (begun > 0) {
      headers.put("Range", "bytes=" + begun + "-");
      state.flatMap(PartState::strongTag).ifPresent(tag -> headers.put("If-Range", tag));
    }
    return headers;
  }

  // A server may take the range and ignore If-Range.
  private static boolean sameFile(Optional<PartState> state, long begun, HttpHeaders headers) {
    Matcher range = RANGE.matcher(headers.firstValue("content-range").orElse(""));
    return state.isPresent()
        && range.matches()
        && Long.parseLong(range.group(1)) == begun
        && Long.parseLong(range.group(2)) == state.get().size()
        && (state.get().strongTag().isEmpty() || state.get().etag().equals(tag(headers)));
  }

  private static IOException startOver(Part part) {
    part.close();
    part.discard();
    return new IOException("the file has changed on the server since its first part came");
  }

  private long size(HttpHeaders headers) throws IOException {
    long announced = headers.firstValueAsLong("content-length").orElse(-1);
    long expected = file.size().orElse(announced);
    if (expected < 0) {
      throw new IOException("the server does not tell the size");
    }
    if (announced >= 0 && announced != expected) {
      throw Refusal.io(
          endpoint.host()
              + " lists "
              + file.path()
              + " with "
              + expected
              + " bytes and sends "
              + announced,
          "run it again; if it stays so, a proxy may be answering in the server's place",
          null);
    }
    return expected;
  }

  private static Optional<String> tag(HttpHeaders headers) {
    return headers.firstValue("etag");
  }

  private long receive(
      Part part, Endpoint.Answer answer, long from, long size, LongConsumer progress)
      throws IOException, InterruptedException {
    long length = from;
    progress.accept(length);
    for (var pieces = answer.body().next(); pieces.isPresent(); pieces = answer.body().next()) {
      if (Thread.interrupted()) {
        throw new InterruptedException();
      }
      length += part.append(pieces.get());
      if (length > size) {
        throw startOver(part);
      }
      progress.accept(length);
      if (length >= furthest + STEP) {
        furthest = length;
        retry.progressed();
      }
    }
    if (length < size) {
      throw new IOException(
          "connection cut at " + Figures.size(length) + " of " + Figures.size(size));
    }
    return size;
  }
}
