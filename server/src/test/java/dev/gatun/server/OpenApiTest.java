// OpenApiTest: the OpenAPI document names the routes there are, and at each place the fields they
// take, no more and no fewer.
package dev.gatun.server;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Consumer;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class OpenApiTest {
  private static final String FUNCTION = "{'type': 'function', 'function': {'name': 'f'}}";
  private static final String TOOL = "{'type': 'function', 'name': 'f', 'parameters': {}}";
  private static final String SHARED =
      "'stream': true, 'stream_options': {}, 'structured_outputs': {}";

  private static DemoServer server;
  private static OpenApiDocument document;

  @BeforeAll
  static void open() {
    server = new DemoServer();
    document = new OpenApiDocument(server.get("/openapi.json").json());
  }

  @AfterAll
  static void close() {
    server.close();
  }

  /** The files of the page are no part of the interface. */
  @Test
  void eachRouteIsDocumentedWithItsMethod() throws IOException {
    Pattern added = Pattern.compile("routes\\.(get|open|post)\\(\"([^\"]+)\"");
    Map<String, Set<String>> found = new HashMap<>();
    added
        .matcher(Files.readString(sources().resolve("Api.java")))
        .results()
        .forEach(
            each ->
                found
                    .computeIfAbsent(each.group(2), _ -> new HashSet<>())
                    .add(each.group(1).equals("post") ? "post" : "get"));
    assertTrue(found.size() > 9, found.toString());
    assertEquals(found, document.methods());
  }

  /** So that a field which the code reads and no request below holds is not left out. */
  @Test
  void eachNameThatTheCodeReadsIsDocumented() throws IOException {
    Pattern read =
        Pattern.compile(
            "\\.(?:node|required\\w*|text|word|array|flag|number|integer|fields|refuseUnless)"
                + "\\(\\s*\"(\\w+)\"");
    Set<String> names = new TreeSet<>();
    try (Stream<Path> files = Files.walk(sources())) {
      for (Path file : files.filter(each -> each.toString().endsWith(".java")).toList()) {
        read.matcher(Files.readString(file)).results().forEach(each -> names.add(each.group(1)));
      }
    }
    assertTrue(names.contains("messages") && names.contains("tool_use_id"), names.toString());
    names.removeAll(document.names());
    assertEquals(Set.of(), names);
  }

  private static Path sources() {
    Path root = Path.of("src/main/java/dev/gatun/server");
    return Files.exists(root) ? root : Path.of("../server").resolve(root);
  }

  @Test
  void eachFieldOfAnAnswerIsDocumented() {
    for (String path : List.of("/health", "/props", "/slots", "/v1/models", "/tokenizer_info")) {
      documented(server.get(path).json(), document.answer(path, "get"), path);
    }
    String chat = "{'messages': [{'role': 'user', 'content': 'Hi'}], ";
    Map<String, String> asked =
        Map.of(
            "/v1/chat/completions", chat + "'max_tokens': 2, 'logprobs': true, 'top_logprobs': 1}",
            "/v1/completions", "{'prompt': 'Hi', 'max_tokens': 2, 'logprobs': 1, 'echo': true}",
            "/v1/messages", chat + "'max_tokens': 2}",
            "/v1/responses", "{'input': 'Hi', 'max_output_tokens': 2}",
            "/v1/messages/count_tokens", chat + "'model': null}",
            "/tokenize", "{'content': 'Hi'}",
            "/detokenize", "{'tokens': [1]}");
    asked.forEach(
        (path, body) -> documented(server.ok(path, body), document.answer(path, "post"), path));
  }

  private static void documented(JsonNode found, JsonNode schema, String place) {
    if (found instanceof ArrayNode array) {
      array.forEach(each -> documented(each, document.items(schema), place + "[]"));
    } else if (found instanceof ObjectNode object && document.listsFields(schema, object)) {
      for (var each : object.properties()) {
        String name = each.getKey();
        String field = place + "/" + name;
        assertTrue(document.fields(schema, object).contains(name), field);
        documented(each.getValue(), document.field(schema, object, name), field);
      }
    }
  }

  /** A request that has each kind of object which such a request may hold. */
  private static String request(String path) {
    return switch (path) {
      case "/v1/chat/completions" ->
          "{'messages': [{'role': 'user', 'content': [{'type': 'text', 'text': 'a'}]},"
              + "{'role': 'assistant', 'content': 'b', 'tool_calls': [{'id': 'c', "
              + FUNCTION.substring(1)
              + "]}, {'role': 'tool', 'content': 'd', 'tool_call_id': 'c'}], 'tools': ["
              + FUNCTION
              + "], 'tool_choice': "
              + FUNCTION
              + ", 'response_format': {'type': 'json_schema', 'json_schema': {'schema': {}}}, "
              + SHARED
              + "}";
      case "/v1/completions" ->
          "{'prompt': 'a', 'response_format': {'type': 'text'}," + SHARED + "}";
      case "/v1/responses" ->
          "{'input': [{'role': 'user', 'content': [{'type': 'input_text', 'text': 'a'}]},"
              + "{'type': 'reasoning', 'summary': [{'type': 'summary_text', 'text': 'b'}]},"
              + "{'role': 'assistant', 'content': [{'type': 'output_text', 'text': 'b'}]},"
              + "{'type': 'function_call', 'call_id': 'c', 'name': 'f', 'arguments': '{}'},"
              + "{'type': 'function_call_output', 'call_id': 'c', 'output': 'd'}], 'tools': ["
              + TOOL
              + "], 'tool_choice': {'type': 'function', 'name': 'f'}, 'reasoning': {},"
              + "'text': {'format': {'type': 'text'}}, 'stream': true, 'stream_options': {}}";
      case "/v1/messages" -> "{'max_tokens': 1, " + conversation();
      case "/v1/messages/count_tokens" -> "{" + conversation();
      case "/tokenize" -> "{'content': 'a'}";
      case "/detokenize" -> "{'tokens': [1]}";
      default -> throw new AssertionError(path);
    };
  }

  private static String conversation() {
    return "'messages': [{'role': 'assistant', 'content': [{'type': 'text', 'text': 'a'},"
        + "{'type': 'thinking', 'thinking': 'b'},"
        + "{'type': 'tool_use', 'id': 'c', 'name': 'f', 'input': {}}]},"
        + "{'role': 'user', 'content': [{'type': 'tool_result', 'tool_use_id': 'c'}]}],"
        + "'system': [{'type': 'text', 'text': 'a'}],"
        + "'tools': [{'name': 'f', 'input_schema': {}}], 'output_config': {},"
        + "'tool_choice': {'type': 'tool', 'name': 'f'}, 'thinking': {'type': 'adaptive'}}";
  }

  @ParameterizedTest
  @CsvSource({
    "/v1/chat/completions",
    "/v1/completions",
    "/v1/responses",
    "/v1/messages",
    "/v1/messages/count_tokens",
    "/tokenize",
    "/detokenize"
  })
  void atEachPlaceTheDocumentedFieldsAreTaken(String path) {
    ObjectNode whole = (ObjectNode) DemoServer.parsed(request(path).replace('\'', '"'));
    assertTrue(isLast(path, whole), "the request as it stands is taken");
    List<Place> places = new ArrayList<>();
    places(whole, document.request(path), "", places::add);
    Set<String> names = document.names(document.request(path));
    names.add("no_such_field");
    for (Place place : places) {
      for (String name : names) {
        ObjectNode changed = whole.deepCopy();
        ((ObjectNode) changed.at(place.pointer)).putArray(name).add(0.5);
        assertEquals(
            place.fields.contains(name),
            !refused(path, changed).contains(name + " is not an option"),
            path + " " + place.pointer + "/" + name);
      }
    }
  }

  /**
   * An object of a request.
   *
   * @param fields that the document says it may have
   */
  private record Place(String pointer, Set<String> fields) {}

  private static void places(
      JsonNode node, JsonNode schema, String pointer, Consumer<Place> found) {
    if (node instanceof ArrayNode array) {
      for (int i = 0; i < array.size(); i++) {
        places(array.get(i), document.items(schema), pointer + "/" + i, found);
      }
    } else if (node instanceof ObjectNode object && document.isClosed(schema, object)) {
      found.accept(new Place(pointer, document.fields(schema, object)));
      object
          .properties()
          .forEach(
              each ->
                  places(
                      each.getValue(),
                      document.field(schema, object, each.getKey()),
                      pointer + "/" + each.getKey(),
                      found));
    }
  }

  /** Why a request is refused: at the latest for a field at its end, so that no answer begins. */
  private static String refused(String path, ObjectNode body) {
    DemoServer.Reply reply = server.post(path, body.put("last", 1).toString());
    assertEquals(400, reply.status(), reply.text());
    return reply.json().get("error").get("message").textValue();
  }

  private static boolean isLast(String path, ObjectNode body) {
    return refused(path, body.deepCopy()).startsWith("last is not an option");
  }
}
