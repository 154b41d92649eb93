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
  private volatile String progress = "the model is being loaded";
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
  void progress(String text) {
    progress = text;
  }

  /** Answers no more. */
  void stop() {
    progress = "the server is stopping";
    model = null;
  }

  public Optional<Gatun> loaded() {
    return Optional.ofNullable(model);
  }

  /**
   * @throws ApiError 503 while it is loaded
   */
  public Gatun model() {
    return loaded().orElseThrow(() -> ApiError.unavailable(progress));
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
