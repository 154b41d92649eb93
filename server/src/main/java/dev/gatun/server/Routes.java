// Routes: which path and method is answered by what.
package dev.gatun.server;

import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;

final class Routes {
  /** A route with whether it is everybody's, where others need a key. */
  record Entry(Route route, boolean open) {}

  private final Map<String, Map<String, Entry>> paths = new TreeMap<>();

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
