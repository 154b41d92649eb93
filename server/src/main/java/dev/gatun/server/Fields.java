// Fields: the fields of a request's JSON object, each of which is honoured or refused by name.
package dev.gatun.server;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalInt;
import java.util.OptionalLong;
import java.util.Set;

/**
 * A field that is null counts as left out, as clients send it. What no method asked for is refused
 * by {@link #refuseOthers}. For one thread.
 */
public final class Fields {
  private final String path;
  private final ObjectNode object;
  private final Set<String> read = new LinkedHashSet<>();

  private Fields(String path, ObjectNode object) {
    this.path = path;
    this.object = object;
  }

  /** Of a request's body. */
  public static Fields of(JsonNode body) {
    return of("", body);
  }

  /**
   * @param path where the object stands in the request, with a dot at its end; empty for the whole
   */
  public static Fields of(String path, JsonNode node) {
    if (!(node instanceof ObjectNode object)) {
      String what = path.isEmpty() ? "the body" : path.substring(0, path.length() - 1);
      throw ApiError.invalid(what + " is a JSON " + kind(node) + "; send an object");
    }
    return new Fields(path, object);
  }

  /** The field's place in the request, for messages. */
  public String path(String name) {
    return path + name;
  }

  public Optional<JsonNode> node(String name) {
    read.add(name);
    JsonNode node = object.get(name);
    return node == null || node.isNull() ? Optional.empty() : Optional.of(node);
  }

  public JsonNode required(String name) {
    return node(name)
        .orElseThrow(
            () -> ApiError.invalid(path(name), path(name) + " is missing; it is required"));
  }

  public Optional<String> text(String name) {
    return node(name).map(node -> text(name, node));
  }

  public String requiredText(String name) {
    return text(name, required(name));
  }

  /** One of some words. */
  public Optional<String> word(String name, String... words) {
    Optional<String> text = text(name);
    if (text.isPresent() && !List.of(words).contains(text.get())) {
      throw ApiError.invalid(
          path(name), path(name) + " is none of " + String.join(", ", words) + "; use one of them");
    }
    return text;
  }

  public Optional<ArrayNode> array(String name) {
    Optional<JsonNode> node = node(name);
    node.filter(each -> !each.isArray()).ifPresent(each -> refuse(name, each, "an array"));
    return node.map(ArrayNode.class::cast);
  }

  public Optional<Boolean> flag(String name) {
    Optional<JsonNode> node = node(name);
    node.filter(each -> !each.isBoolean()).ifPresent(each -> refuse(name, each, "true or false"));
    return node.map(JsonNode::booleanValue);
  }

  public OptionalDouble number(String name) {
    Optional<JsonNode> node = node(name);
    if (node.isEmpty()) {
      return OptionalDouble.empty();
    }
    if (!node.get().isNumber() || !Double.isFinite(node.get().doubleValue())) {
      refuse(name, node.get(), "a number");
    }
    return OptionalDouble.of(node.get().doubleValue());
  }

  public OptionalLong integer(String name) {
    Optional<JsonNode> node = node(name);
    if (node.isEmpty()) {
      return OptionalLong.empty();
    }
    if (!isInteger(node.get())) {
      refuse(name, node.get(), "an integer");
    }
    return OptionalLong.of(node.get().longValue());
  }

  /** 1e2 and 100.0 are integers in JSON Schema's sense, and some clients write them so. */
  public static boolean isInteger(JsonNode node) {
    return node.isNumber() && node.canConvertToLong() && node.doubleValue() == node.longValue();
  }

  /** An integer from {@code least} to {@code most}. */
  public OptionalInt integer(String name, int least, int most) {
    OptionalLong value = integer(name);
    if (value.isEmpty()) {
      return OptionalInt.empty();
    }
    if (value.getAsLong() < least || value.getAsLong() > most) {
      throw ApiError.invalid(
          path(name), path(name) + " is " + value.getAsLong() + "; use " + least + " to " + most);
    }
    return OptionalInt.of((int) value.getAsLong());
  }

  /** An object in this one. */
  public Optional<Fields> fields(String name) {
    return node(name).map(node -> of(path(name) + ".", node));
  }

  /** An object in this one, which has to be there. */
  public Fields requiredFields(String name) {
    return of(path(name) + ".", required(name));
  }

  /** The object as it was sent. */
  public String json() {
    return object.toString();
  }

  /** What is in the field is refused, unless it is left out or {@code harmless}. */
  public void refuseUnless(String name, String reason, JsonNode... harmless) {
    node(name)
        .filter(node -> !Set.of(harmless).contains(node))
        .ifPresent(
            _ -> {
              throw ApiError.invalid(path(name), path(name) + " is not supported: " + reason);
            });
  }

  /** A field that nobody has asked for is no option of this server. */
  public void refuseOthers() {
    for (String name : (Iterable<String>) object::fieldNames) {
      if (!read.contains(name) && !object.get(name).isNull()) {
        throw ApiError.invalid(
            path(name), path(name) + " is not an option of this server; leave it out");
      }
    }
  }

  private String text(String name, JsonNode node) {
    if (!node.isTextual()) {
      refuse(name, node, "a string");
    }
    return node.textValue();
  }

  private void refuse(String name, JsonNode found, String expected) {
    throw ApiError.invalid(
        path(name), path(name) + " is a JSON " + kind(found) + "; send " + expected);
  }

  private static String kind(JsonNode node) {
    return switch (node.getNodeType()) {
      case OBJECT -> "object";
      case ARRAY -> "array";
      case STRING -> "string";
      case NUMBER -> "number " + shortened(node.asText());
      case BOOLEAN -> "boolean";
      default -> "null";
    };
  }

  private static String shortened(String number) {
    return number.length() > 24 ? number.substring(0, 24) + "…" : number;
  }
}
