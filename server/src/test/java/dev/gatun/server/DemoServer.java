// DemoServer: a server of the demo model in this JVM, and a client of it.
package dev.gatun.server;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import dev.gatun.Gatun;
import dev.gatun.GatunOptions;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse.BodyHandlers;
import java.util.ArrayList;
import java.util.List;

/** Requests may be written with single quotes. */
public final class DemoServer implements AutoCloseable {
  private static final JsonMapper JSON = new JsonMapper();

  private final Gatun model =
      Gatun.open(Gatun.DEMO, GatunOptions.defaults().withContext(1024).withParallel(4));
  private final GatunServer server;
  private final HttpClient client = HttpClient.newHttpClient();

  public DemoServer() {
    server = GatunServer.start(ServerOptions.defaults().withPort(0), LogWriter.none());
    server.serve(model);
  }

  /** An answer. */
  public record Reply(int status, String text) {
    public JsonNode json() {
      return parsed(text);
    }
  }

  /** A server-sent event; its name is empty where it has none. */
  public record Event(String name, String data) {
    public JsonNode json() {
      return parsed(data);
    }
  }

  public URI uri() {
    return server.uri();
  }

  public Gatun model() {
    return model;
  }

  public Reply get(String path) {
    return send(HttpRequest.newBuilder(server.uri().resolve(path)));
  }

  public Reply post(String path, String body) {
    return send(
        HttpRequest.newBuilder(server.uri().resolve(path))
            .header("Content-Type", "application/json")
            .POST(BodyPublishers.ofString(body.replace('\'', '"'))));
  }

  /** The document of an answer that is 200. */
  public JsonNode ok(String path, String body) {
    Reply reply = post(path, body);
    if (reply.status() != 200) {
      throw new AssertionError(reply.toString());
    }
    return reply.json();
  }

  /** The events of an answer that is 200. */
  public List<Event> events(String path, String body) {
    Reply reply = post(path, body);
    if (reply.status() != 200) {
      throw new AssertionError(reply.toString());
    }
    List<Event> events = new ArrayList<>();
    for (String block : reply.text().split("\n\n")) {
      String name = "";
      String data = "";
      for (String line : block.split("\n")) {
        name = line.startsWith("event: ") ? line.substring(7) : name;
        data = line.startsWith("data: ") ? line.substring(6) : data;
      }
      events.add(new Event(name, data));
    }
    return events;
  }

  private Reply send(HttpRequest.Builder request) {
    try {
      var response = client.send(request.build(), BodyHandlers.ofString());
      return new Reply(response.statusCode(), response.body());
    } catch (IOException e) {
      throw new AssertionError(e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new AssertionError(e);
    }
  }

  static JsonNode parsed(String text) {
    try {
      return JSON.readTree(text);
    } catch (IOException e) {
      throw new AssertionError(text, e);
    }
  }

  @Override
  public void close() {
    client.close();
    server.close();
    model.close();
  }
}
