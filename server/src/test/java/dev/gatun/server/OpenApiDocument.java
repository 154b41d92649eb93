// OpenApiDocument: what an OpenAPI document says of requests and their answers.
package dev.gatun.server;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;

/** Knows $ref, anyOf, properties, items and the constants that tell alternatives apart. */
final class OpenApiDocument {
  private final JsonNode root;

  OpenApiDocument(JsonNode root) {
    this.root = root;
  }

  /** Of each path. */
  Map<String, Set<String>> methods() {
    Map<String, Set<String>> methods = new HashMap<>();
    root.get("paths")
        .properties()
        .forEach(
            path -> {
              Set<String> own = new HashSet<>();
              path.getValue().fieldNames().forEachRemaining(own::add);
              methods.put(path.getKey(), own);
            });
    return methods;
  }

  /** The schema of what is posted. */
  JsonNode request(String path) {
    return root.get("paths").get(path).at("/post/requestBody/content/application~1json/schema");
  }

  /** The schema of the JSON that answers a request which went well. */
  JsonNode answer(String path, String method) {
    return root.get("paths")
        .get(path)
        .at("/" + method + "/responses/200/content/application~1json/schema");
  }

  /** All names of fields in the document. */
  Set<String> names() {
    return names(root);
  }

  /** All names of fields in a schema and what it refers to. */
  Set<String> names(JsonNode schema) {
    Set<String> names = new TreeSet<>();
    collect(schema, names, new HashSet<>());
    return names;
  }

  private void collect(JsonNode node, Set<String> names, Set<String> seen) {
    if (node.has("$ref") && seen.add(node.get("$ref").textValue())) {
      collect(resolved(node), names, seen);
    }
    if (node.path("properties").isObject()) {
      node.get("properties").fieldNames().forEachRemaining(names::add);
    }
    node.forEach(each -> collect(each, names, seen));
  }

  /** Whether such an object may have no other fields than those listed. */
  boolean isClosed(JsonNode schema, ObjectNode object) {
    return alternatives(schema, object).stream()
        .anyMatch(each -> each.has("properties") && each.has("additionalProperties"));
  }

  /** Whether it says which fields such an object has. */
  boolean listsFields(JsonNode schema, ObjectNode object) {
    return alternatives(schema, object).stream().anyMatch(each -> each.has("properties"));
  }

  /** The fields that such an object may have. */
  Set<String> fields(JsonNode schema, ObjectNode object) {
    Set<String> fields = new HashSet<>();
    for (JsonNode each : alternatives(schema, object)) {
      each.path("properties").fieldNames().forEachRemaining(fields::add);
    }
    return fields;
  }

  /** The schema of one of its fields. */
  JsonNode field(JsonNode schema, ObjectNode object, String name) {
    return alternatives(schema, object).stream()
        .map(each -> each.path("properties").path(name))
        .filter(each -> !each.isMissingNode())
        .findFirst()
        .orElseThrow(() -> new AssertionError(name + " is not in the document"));
  }

  /** The schema of an array's elements. */
  JsonNode items(JsonNode schema) {
    return alternatives(schema, null).stream()
        .map(each -> each.path("items"))
        .filter(each -> !each.isMissingNode())
        .findFirst()
        .orElseThrow(() -> new AssertionError("no array: " + schema));
  }

  /** Those of a schema's cases that an object may be; all of them where it is null. */
  private List<JsonNode> alternatives(JsonNode schema, ObjectNode object) {
    JsonNode own = resolved(schema);
    if (!own.has("anyOf")) {
      return object == null || mayBe(own, object) ? List.of(own) : List.of();
    }
    List<JsonNode> all = new ArrayList<>();
    own.get("anyOf").forEach(each -> all.addAll(alternatives(each, object)));
    return all;
  }

  private static boolean mayBe(JsonNode schema, ObjectNode object) {
    for (var each : schema.path("properties").properties()) {
      JsonNode found = object.path(each.getKey());
      JsonNode constant = each.getValue().path("const");
      boolean differs =
          constant.isMissingNode() ? !allowed(each.getValue(), found) : !constant.equals(found);
      if (differs) {
        return false;
      }
    }
    return true;
  }

  private static boolean allowed(JsonNode schema, JsonNode found) {
    JsonNode words = schema.path("enum");
    JsonNode not = schema.path("not").path("enum");
    return (found.isMissingNode() || words.isMissingNode() || holds(words, found))
        && !holds(not, found);
  }

  private static boolean holds(JsonNode array, JsonNode found) {
    for (JsonNode each : array) {
      if (each.equals(found)) {
        return true;
      }
    }
    return false;
  }

  private JsonNode resolved(JsonNode schema) {
    String ref = schema.path("$ref").asText("");
    return ref.isEmpty() ? schema : root.at(ref.substring(1));
  }
}
