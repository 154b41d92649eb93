// FormatArguments: the form an answer must have, as llama.cpp's options name it.
package dev.gatun.cli;

import dev.gatun.chat.OutputFormat;
import dev.gatun.chat.OutputFormat.Gbnf;
import dev.gatun.chat.OutputFormat.JsonObject;
import dev.gatun.chat.OutputFormat.JsonSchema;
import dev.gatun.chat.OutputFormat.Text;
import dev.gatun.refusal.Refusal;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;
import java.util.stream.Stream;
import picocli.CommandLine.Option;

final class FormatArguments {
  @Option(names = "--json", description = "The answer is a JSON object.")
  boolean json;

  @Option(
      names = {"-j", "--json-schema"},
      parameterConsumer = Verbatim.class,
      paramLabel = "SCHEMA",
      description = "The answer is JSON that this JSON schema allows; @FILE reads it from FILE.")
  Optional<String> schema = Optional.empty();

  @Option(
      names = {"-jf", "--json-schema-file"},
      paramLabel = "FILE",
      description = "As --json-schema @FILE; - is standard input.")
  Optional<String> schemaFile = Optional.empty();

  @Option(
      names = "--grammar",
      parameterConsumer = Verbatim.class,
      paramLabel = "GBNF",
      description = "The answer is a sentence of this grammar, in llama.cpp's notation.")
  Optional<String> grammar = Optional.empty();

  @Option(
      names = "--grammar-file",
      paramLabel = "FILE",
      description = "As --grammar, read from FILE; - is standard input.")
  Optional<String> grammarFile = Optional.empty();

  /** Text where none was asked for; a refusal where two were. */
  OutputFormat format(Stdio stdio) {
    List<OutputFormat> all =
        Stream.of(
                json ? Optional.of(new JsonObject()) : Optional.<OutputFormat>empty(),
                schema.map(text -> new JsonSchema(named(text, stdio))),
                read(schemaFile, JsonSchema::new, stdio),
                grammar.map(Gbnf::new),
                read(grammarFile, Gbnf::new, stdio))
            .<OutputFormat>flatMap(Optional::stream)
            .toList();
    if (all.size() > 1) {
      throw Refusal.usage(
          "--json, --json-schema, --json-schema-file, --grammar and --grammar-file are one answer's"
              + " form each, and "
              + all.size()
              + " of them are given",
          "keep one");
    }
    return all.isEmpty() ? new Text() : all.getFirst();
  }

  private static Optional<OutputFormat> read(
      Optional<String> file, Function<String, OutputFormat> format, Stdio stdio) {
    return file.map(name -> format.apply(TextFile.read(name, stdio)));
  }

  private static String named(String text, Stdio stdio) {
    return text.startsWith("@") ? TextFile.read(text.substring(1), stdio) : text;
  }
}
