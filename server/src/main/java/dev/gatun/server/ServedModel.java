// ServedModel: the model behind the server, from before it is loaded until it is closed.
package dev.gatun.server;

import dev.gatun.Gatun;
import java.time.Instant;
import java.util.List;
import java.util.Objects;
import java.util.Optional;

/** For any threads. */
public final class ServedModel {
  private final List<String> names;
  private volatile Gatun model;
  private volatile double progress; // of the load, 0 to 1
  private volatile boolean stopping;
  private volatile Instant since = Instant.now();

  /**
   * @param names that requests may call it by; empty for the model's own
   */
  ServedModel(List<String> names) {
    this.names = names;
  }

  void ready(Gatun loaded) {
    since = Instant.now();
    model = loaded;
  }

  /** Tells those who ask while it is loaded how far that is. */
  void progress(double share) {
    progress = share;
  }

  /** How much of the model is loaded, 0 to 1. */
  double progress() {
    return progress;
  }

  /** Answers no more. */
  void stop() {
    stopping = true;
    model = null;
  }

  public Optional<Gatun> loaded() {
    return Optional.ofNullable(model);
  }

  /**
   * @throws ApiError 503 while it is loaded, and when the server stops
   */
  public Gatun model() {
    return loaded().orElseThrow(this::unavailable);
  }

  private ApiError unavailable() {
    return ApiError.unavailable(
        stopping
            ? "the server is stopping"
            : "the model is being loaded: " + (int) (100 * progress) + " %");
  }

  /** When it was ready; while it is loaded, when that began. */
  public Instant since() {
    return since;
  }

  /** All names it goes by. */
  public List<String> names() {
    return names.isEmpty() ? List.of(model().name()) : names;
  }

  /** The name that answers say. */
  public String name() {
    return names().getFirst();
  }

  /** Names what computes the answers: the same one gives the same text for a seed. */
  public String fingerprint() {
    Gatun ready = model();
    return "fp_" + Integer.toHexString(Objects.hash(ready.name(), ready.device()));
  }

  /**
   * The model that a request names, which may leave that out.
   *
   * @throws ApiError 404 for another one
   */
  public Gatun named(Optional<String> name) {
    Gatun ready = model();
    if (name.isPresent() && !names().contains(name.get())) {
      throw ApiError.notFound(
          "no model \""
              + name.get()
              + "\" is served here; name \""
              + name()
              + "\" or leave it out");
    }
    return ready;
  }
}
