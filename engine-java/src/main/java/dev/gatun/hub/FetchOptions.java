// FetchOptions: from where, to where and how model files are fetched.
package dev.gatun.hub;

import java.util.Map;
import java.util.Optional;

/**
 * What a fetch needs to know besides the model's name.
 *
 * @param endpoint address of a Hugging Face-compatible server, {@code http[s]://host[:port][/path]}
 * @param token sent as bearer to the endpoint, and never to another host that it redirects to
 * @param cache where files are kept
 * @param revision branch, tag or commit of the repository
 * @param offline refuse instead of asking the network
 * @param verify compute the checksums of files that are already here
 * @param patience time limits and attempts
 * @param listener hears how it goes
 */
public record FetchOptions(
    String endpoint,
    Optional<String> token,
    CacheFolder cache,
    String revision,
    boolean offline,
    boolean verify,
    Patience patience,
    FetchListener listener) {

  /**
   * Reads {@code HF_ENDPOINT}, {@code HF_TOKEN} and the variables of {@link
   * CacheFolder#fromEnvironment}.
   */
  public static FetchOptions fromEnvironment(
      Map<String, String> environment, FetchListener listener) {
    return new FetchOptions(
        variable(environment, "HF_ENDPOINT").orElse("https://huggingface.co"),
        variable(environment, "HF_TOKEN"),
        CacheFolder.fromEnvironment(environment),
        "main",
        false,
        false,
        Patience.DEFAULT,
        listener);
  }

  private static Optional<String> variable(Map<String, String> environment, String name) {
    return Optional.ofNullable(environment.get(name))
        .map(String::strip)
        .filter(value -> !value.isEmpty());
  }

  public FetchOptions withRevision(String other) {
    return new FetchOptions(endpoint, token, cache, other, offline, verify, patience, listener);
  }

  public FetchOptions withOffline(boolean other) {
    return new FetchOptions(endpoint, token, cache, revision, other, verify, patience, listener);
  }

  public FetchOptions withVerify(boolean other) {
    return new FetchOptions(endpoint, token, cache, revision, offline, other, patience, listener);
  }

  public FetchOptions withPatience(Patience other) {
    return new FetchOptions(endpoint, token, cache, revision, offline, verify, other, listener);
  }

  public FetchOptions withCache(CacheFolder other) {
    return new FetchOptions(endpoint, token, other, revision, offline, verify, patience, listener);
  }

  public FetchOptions withListener(FetchListener other) {
    return new FetchOptions(endpoint, token, cache, revision, offline, verify, patience, other);
  }
}
