// Tokenize: shows the tokens of a text.
package dev.gatun.cli;

import dev.gatun.dialogue.Dialect;
import dev.gatun.refusal.Refusal;
import dev.gatun.text.Tokenizer;
import dev.gatun.weights.TextSource;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

@Command(
    name = "tokenize",
    sortOptions = false,
    abbreviateSynopsis = true,
    description = {
      "Print the tokens of a text, one a line: id and piece. No token is put before or after it.",
      "The model may be a .gguf file, also one that holds no more than a vocabulary, a checkpoint"
          + " folder, or a folder with no more than tokenizer.json and tokenizer_config.json.",
      ""
    })
final class Tokenize implements Callable<Integer> {
  @Mixin ModelArgument model;

  @Option(
      names = "--text",
      parameterConsumer = Verbatim.class,
      paramLabel = "TEXT",
      description = "The text; without it or --file, standard input.")
  Optional<String> text = Optional.empty();

  @Option(
      names = {"-f", "--file"},
      paramLabel = "FILE",
      description = "Read the text from FILE, all of it; - is standard input.")
  Optional<String> file = Optional.empty();

  @Option(
      names = "--special",
      description =
          "The text of a special token, such as <|im_end|>, becomes that token; without it, plain"
              + " text. --jsonl always does so, as Hugging Face's encode.")
  boolean special;

  @Option(names = "--json", description = "Print the ids as one JSON array.")
  boolean json;

  @Option(
      names = "--jsonl",
      paramLabel = "FILE",
      description = "For each line {\"text\": …} of FILE print {\"ids\": […], \"decoded\": …}.")
  Optional<String> jsonl = Optional.empty();

  @Mixin StandardOptions standard;

  private final Stdio stdio;

  Tokenize(Stdio stdio) {
    this.stdio = stdio;
  }

  @Override
  public Integer call() {
    requireOneSource();
    Tokenizer tokenizer = Dialect.tokenizer(TextSource.read(model.path(stdio)).tokenizer());
    if (jsonl.isPresent()) {
      JsonLines.answer(jsonl.get(), stdio, line -> answer(tokenizer, line.text("text")));
    } else {
      int[] ids =
          tokenizer.encode(text.orElseGet(() -> TextFile.read(file.orElse("-"), stdio)), special);
      stdio.out().print(json ? Json.line(ids) + "\n" : table(tokenizer, ids));
    }
    return 0;
  }

  private void requireOneSource() {
    long sources = text.stream().count() + file.stream().count() + jsonl.stream().count();
    if (sources > 1) {
      throw Refusal.usage("--text, --file and --jsonl each name a text", "keep one of them");
    }
    if (sources == 0 && stdio.inIsTerminal()) {
      throw Refusal.usage("no text is given", "use --text, --file or --jsonl, or pipe it in");
    }
  }

  private static Map<String, Object> answer(Tokenizer tokenizer, String text) {
    int[] ids = tokenizer.encode(text, true);
    Map<String, Object> answer = new LinkedHashMap<>();
    answer.put("ids", ids);
    answer.put("decoded", tokenizer.decode(ids, false));
    return answer;
  }

  private static String table(Tokenizer tokenizer, int[] ids) {
    StringBuilder rows = new StringBuilder();
    Arrays.stream(ids)
        .forEach(
            id ->
                rows.append(
                    String.format(
                        Locale.ROOT,
                        "%7d  %s%n",
                        id,
                        Json.line(tokenizer.decode(new int[] {id}, false)))));
    return rows.toString();
  }
}
