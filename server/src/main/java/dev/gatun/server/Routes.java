// Routes: which path and method is answered by what.
package dev.gatun.server;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.HashMap;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.Function;

final class Routes {
  /** A route with whether it is everybody's, where others need a key. */
  record Entry(Route route, boolean open) {}

  private final Map<String, Map<String, Entry>> paths = new TreeMap<>();
  private final Map<String, Function<ApiError, JsonNode>> errors = new HashMap<>();

  void get(String path, Route route) {
    put(path, "GET", new Entry(route, false));
  }

  void post(String path, Route route) {
    put(path, "POST", new Entry(route, false));
  }

  /** As {@link #get}, for those without a key as well. */
  void open(String path, Route route) {
    put(path, "GET", new Entry(route, true));
  }

  /** How errors of a path are told, where it is not OpenAI's way. */
  void errors(String path, Function<ApiError, JsonNode> form) {
    errors.put(path, form);
  }

  /** An error as the clients of a path expect it. */
  JsonNode told(String path, ApiError error) {
    return errors.getOrDefault(path, ApiError::json).apply(error);
  }

  private void put(String path, String method, Entry entry) {
    paths.computeIfAbsent(path, _ -> new TreeMap<>()).put(method, entry);
  }

  Set<String> paths() {
    return paths.keySet();
  }

  /** Methods of a path, as the Allow header lists them; empty for a path that is none. */
  Set<String> methods(String path) {
    Set<String> methods = new TreeSet<>(paths.getOrDefault(path, Map.of()).keySet());
    if (methods.contains("GET")) {
      methods.add("HEAD");
    }
    return methods;
  }

  /**
   * @throws ApiError 404 for an unknown path, 405 for a method that it does not have
   */
  Entry find(String method, String path) {
    Map<String, Entry> methods = paths.get(path);
    if (methods == null) {
      throw ApiError.notFound("nothing is at " + path + "; GET /openapi.json lists what is");
    }
    Entry entry = methods.get(method.equals("HEAD") ? "GET" : method);
    if (entry == null) {
      throw ApiError.http(405, path + " takes " + String.join(", ", methods(path)));
    }
    return entry;
  }
}
