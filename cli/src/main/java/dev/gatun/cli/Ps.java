// Ps: who a server answers at the moment.
package dev.gatun.cli;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.gatun.refusal.Refusal;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

@Command(
    name = "ps",
    sortOptions = false,
    description = {"List the requests that a server answers at the moment, the oldest first.", ""})
final class Ps implements Callable<Integer> {
  private static final Duration PATIENCE = Duration.ofSeconds(10);

  @Option(
      names = "--url",
      paramLabel = "URL",
      description = "Where the server is (http://127.0.0.1:8080).")
  URI url = URI.create("http://127.0.0.1:8080");

  @Option(names = "--api-key", paramLabel = "KEY", description = "One of the server's keys.")
  Optional<String> key = Optional.empty();

  @Mixin StandardOptions standard;

  private final Stdio stdio;

  Ps(Stdio stdio) {
    this.stdio = stdio;
  }

  @Override
  public Integer call() {
    Table table =
        new Table(List.of("id", "path", "state", "seconds", "prompt", "tokens"), List.of(3, 4, 5));
    Instant now = Instant.now();
    for (JsonNode slot : slots()) {
      long seconds = Duration.between(Instant.parse(slot.path("since").asText()), now).toSeconds();
      table.row(
          slot.path("id").asText(),
          slot.path("path").asText(),
          slot.path("state").asText(),
          Long.toString(Math.max(0, seconds)),
          slot.path("prompt_tokens").asText(),
          slot.path("tokens").asText());
    }
    stdio.out().print(table.toString());
    return 0;
  }

  private JsonNode slots() {
    try (HttpClient http = HttpClient.newBuilder().connectTimeout(PATIENCE).build()) {
      HttpRequest.Builder request = HttpRequest.newBuilder(url.resolve("/slots")).timeout(PATIENCE);
      key.ifPresent(value -> request.header("Authorization", "Bearer " + value));
      HttpResponse<String> response = http.send(request.build(), BodyHandlers.ofString());
      JsonNode body = new ObjectMapper().readTree(response.body());
      if (response.statusCode() != 200 || !body.isArray()) {
        throw refused(
            "it says " + response.statusCode() + " " + body.path("error").path("message").asText(),
            null);
      }
      return body;
    } catch (IllegalArgumentException | JsonProcessingException e) {
      throw refused("it is no server of gatun's", e);
    } catch (IOException e) {
      throw refused("nobody answers there", e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw Refusal.interrupted("interrupted while a server was asked");
    }
  }

  private Refusal refused(String why, Exception cause) {
    return Refusal.io(
        "cannot ask " + url + ": " + why,
        "start gatun serve, or name where it is with --url and its key with --api-key",
        cause);
  }
}
