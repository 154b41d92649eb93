// Render: shows the prompt that a chat template makes of a conversation.
package dev.gatun.cli;

import com.fasterxml.jackson.databind.JsonNode;
import dev.gatun.dialogue.Dialect;
import dev.gatun.refusal.Refusal;
import dev.gatun.text.ChatTemplate;
import dev.gatun.text.ChatTemplate.Outcome;
import dev.gatun.text.Tokenizer;
import dev.gatun.weights.TextSource;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

@Command(
    name = "render",
    sortOptions = false,
    abbreviateSynopsis = true,
    description = {"Print the prompt that a chat template makes of messages, exactly.", ""})
final class Render implements Callable<Integer> {
  @Mixin ModelArgument model;

  @Option(
      names = "--template",
      paramLabel = "FILE",
      description = "A Jinja file; then no model is needed.")
  Optional<String> template = Optional.empty();

  @Option(
      names = "--messages",
      paramLabel = "FILE",
      description =
          "JSON: an array of messages, or an object with messages, tools and any variable of the"
              + " template; - is standard input.")
  Optional<String> messages = Optional.empty();

  @Option(
      names = "--jsonl",
      paramLabel = "FILE",
      description =
          "For each line {\"context\": {\"messages\": …}} of FILE print {\"rendered\": …}, or"
              + " {\"error\": …} where the template refuses.")
  Optional<String> jsonl = Optional.empty();

  @Mixin StandardOptions standard;

  private final Stdio stdio;

  Render(Stdio stdio) {
    this.stdio = stdio;
  }

  @Override
  public Integer call() {
    if (messages.isPresent() == jsonl.isPresent()) {
      throw Refusal.usage(
          "what to render is not clear", "give either --messages FILE or --jsonl FILE");
    }
    Source source = template.map(this::fromFile).orElseGet(() -> fromModel(model.path(stdio)));
    if (jsonl.isPresent()) {
      JsonLines.answer(jsonl.get(), stdio, line -> answer(source, line));
    } else {
      String file = messages.get();
      JsonNode json = Json.parse(TextFile.read(file, stdio), TextFile.name(file));
      stdio.out().print(source.template.render(conversation(source, json)));
    }
    return 0;
  }

  /**
   * @param markers the beginning and end of a text as this model writes them; none where only a
   *     template is known
   */
  private record Source(ChatTemplate template, Map<String, String> markers) {}

  private Source fromFile(String file) {
    return new Source(ChatTemplate.of(TextFile.read(file, stdio)), Map.of());
  }

  private static Source fromModel(Path path) {
    TextSource text = TextSource.read(path);
    String source =
        text.chatTemplate()
            .orElseThrow(
                () ->
                    Refusal.usage(
                        "the model has no chat template", "give one with --template FILE"));
    Tokenizer tokenizer = Dialect.tokenizer(text.tokenizer());
    return new Source(
        ChatTemplate.of(source),
        Map.of("bos_token", tokenizer.bosToken(), "eos_token", tokenizer.eosToken()));
  }

  private static Map<String, Object> conversation(Source source, JsonNode json) {
    Map<String, Object> variables = new LinkedHashMap<>(source.markers);
    variables.put("tools", null);
    variables.put("documents", null);
    variables.put("add_generation_prompt", true);
    JsonNode object = json.isArray() ? Json.object("messages", json) : json;
    variables.putAll(ChatTemplate.variables(object));
    return variables;
  }

  // Unlike a conversation's, a line's variables are all there is: no tools is not the same as tools
  // that are none.
  private static Map<String, Object> answer(Source source, JsonLines.Line line) {
    JsonNode context = line.json().get("context");
    if (context == null || !context.isObject()) {
      throw Refusal.usage(
          line.name() + " has no object under \"context\"",
          "give {\"context\": {\"messages\": […]}}");
    }
    Map<String, Object> variables = new LinkedHashMap<>(source.markers);
    variables.putAll(ChatTemplate.variables(context));
    return switch (source.template.attempt(variables)) {
      case Outcome.Rendered rendered -> Map.of("rendered", rendered.text());
      case Outcome.Rejected rejected -> Map.of("error", rejected.message());
    };
  }
}
