// LlamaOptions: llama.cpp's options that people type from habit and that decide nothing here.
package dev.gatun.cli;

import dev.gatun.refusal.Refusal;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import picocli.CommandLine;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;

/**
 * Those that ask for what happens anyway are taken; the others are refused with what to write
 * instead. Options that do decide something are the commands' own, under llama.cpp's names.
 */
final class LlamaOptions {
  static final String FOOTER =
      "llama.cpp's options that ask for what happens anyway are taken too (--jinja, -fa on,"
          + " --no-mmap, -sm none, -ncmoe 0, -np 1); its others are refused with what to write"
          + " instead.";

  private static final String NO_VALUE = "";
  private static final String ONE_DEVICE = "a model lies on one device whole";
  private static final String LEAVE_OUT = "leave it out";

  /**
   * @param taken values with which it asks for what happens anyway; {@link #NO_VALUE} stands for
   *     none
   */
  private record Row(List<String> names, List<String> taken, String why, String instead) {
    boolean takes(String value) {
      return taken.contains(value);
    }

    Refusal refusal(String typed) {
      return Refusal.usage(typed + ": " + why, instead);
    }
  }

  private static final List<Row> TABLE =
      List.of(
          // Taken with these values.
          row("-fa --flash-attn", "|on|auto|1|true", "attention is always this one", LEAVE_OUT),
          row("--jinja", "|", "templates are always Jinja", LEAVE_OUT),
          row("--no-mmap", "|", "weights are read, never mapped", LEAVE_OUT),
          row("--mmap -mmp", "0", "weights are read, never mapped", LEAVE_OUT),
          row("-ncmoe --n-cpu-moe", "0", ONE_DEVICE, "write --device cpu, or see gatun plan"),
          row("-nkvo --no-kv-offload", "0", "the cache lies with the model", LEAVE_OUT),
          row("-kvo --kv-offload", "|", "the cache lies with the model", LEAVE_OUT),
          row("-np --parallel", "1", "one prompt is answered", "gatun bench -np runs several"),
          row("-cb --cont-batching", "|", "batches are always continuous", LEAVE_OUT),
          row("--no-context-shift", "|", "a full context ends the answer", LEAVE_OUT),
          row("--no-escape", "|", "the prompt is taken literally", LEAVE_OUT),
          row("--no-display-prompt", "|", "the prompt is not printed", LEAVE_OUT),
          row("--show-timings", "|", "the last line tells them", LEAVE_OUT),
          row("--no-warmup", "|", "nothing is run beforehand", LEAVE_OUT),
          row("-co --color", "auto", "on a terminal thinking is dimmed", "or write --no-color"),
          row(
              "-fit --fit",
              "on",
              "what fits is taken by default",
              "write -c N for a fixed context"),
          row("--reasoning-format", "none", "thinking is shown as it is", "or --hide-thinking"),
          row("-embd --embeddings", "0", "there are no embeddings", LEAVE_OUT),
          // Never taken.
          row("-ts --tensor-split", "", ONE_DEVICE, "write --device cuda:N"),
          row("-mg --main-gpu", "", ONE_DEVICE, "write --device cuda:N"),
          row("-cmoe --cpu-moe", "", ONE_DEVICE, "write --device cpu, or see gatun plan"),
          row("-ot --override-tensor", "", ONE_DEVICE, "write --device cpu, or see gatun plan"),
          row("--list-devices", "", "it is a command here", "write gatun devices"),
          row("--mlock", "", "memory is not locked", LEAVE_OUT),
          row("-dio --direct-io", "", "files are read through the page cache", LEAVE_OUT),
          row("-tb --threads-batch", "", "there is one number of threads", "write -t N"),
          row(
              "--numa --prio --poll -C --cpu-mask",
              "",
              "threads go where Linux puts them",
              "write taskset or numactl before gatun"),
          row("-mu --model-url", "", "models come from a folder or a hub", "write -m or -hf"),
          row(
              "-hff --hf-file",
              "",
              "the file is named with its repository",
              "write -hf OWNER/REPO:FILE"),
          row("-hft --hf-token", "", "a token on the command line is seen by all", "set HF_TOKEN"),
          row("-cl --cache-list", "", "the cache is a folder", "list ~/.cache/gatun"),
          row(
              "-sysf --system-prompt-file",
              "",
              "the text itself is given",
              "write -sys \"$(cat FILE)\""),
          row("-e --escape", "", "the prompt is taken literally", "write -p $'two\\nlines'"),
          row(
              "--verbose-prompt",
              "",
              "prompts and tokens are printed by commands",
              "write gatun render or gatun tokenize"),
          row(
              "-i --interactive -if --interactive-first -mli --multiline-input", "",
              "a conversation reads several lines", "write -cnv"),
          row("--simple-io", "", "a terminal says what it can", "set TERM=dumb"),
          row("--keep --context-shift", "", "a full context ends the answer", "write -c max"),
          row(
              "--rope-freq-base --rope-freq-scale",
              "",
              "a factor scales positions",
              "write --rope-scaling and --rope-scale"),
          row(
              "--chat-template",
              "",
              "templates have no names here",
              "write --chat-template-file FILE"),
          row(
              "-rea --reasoning --reasoning-effort",
              "",
              "the template decides whether it thinks",
              "write --chat-template-kwargs with its variable, or --hide-thinking"),
          row(
              "--mirostat --mirostat-ent --mirostat-lr --xtc-probability --xtc-threshold"
                  + " --top-nsigma --top-n-sigma --dynatemp-range",
              "",
              "there is no such sampler",
              "see --samplers"),
          row(
              "-md --model-draft --spec-type --draft-max --draft --spec-draft-n-max",
              "",
              "nothing is drafted",
              LEAVE_OUT),
          row("--host --port", "", "gatun serve alone listens", "use gatun serve"),
          row("--lora --lora-scaled --override-kv", "", "a model is used as it is", LEAVE_OUT),
          row("-lv --verbosity --log-file --log-disable", "", "there is no log", "write -v"));

  private LlamaOptions() {}

  /** Options in words; values between bars, what is empty beside a bar standing for none. */
  private static Row row(String names, String taken, String why, String instead) {
    List<String> values = taken.isEmpty() ? List.of() : Arrays.asList(taken.split("\\|", -1));
    return new Row(List.of(names.split(" ")), values, why, instead);
  }

  /** Adds those that may be taken to a command that runs a model, hidden from its help. */
  static void addTo(CommandLine command) {
    CommandSpec spec = command.getCommandSpec();
    for (Row row : TABLE) {
      if (!row.taken.isEmpty() && row.names.stream().noneMatch(spec.optionsMap()::containsKey)) {
        spec.addOption(option(row));
      }
    }
    spec.usageMessage().footer("", FOOTER);
  }

  private static OptionSpec option(Row row) {
    boolean isFlag = row.taken.stream().allMatch(String::isEmpty);
    return OptionSpec.builder(row.names.toArray(String[]::new))
        .type(String.class)
        .arity(isFlag ? "0" : "0..1")
        .fallbackValue(NO_VALUE)
        .hidden(true)
        .setter(
            new CommandLine.Model.ISetter() {
              @Override
              @SuppressWarnings("unchecked")
              public <T> T set(T value) {
                if (value != null && !row.takes((String) value)) {
                  throw row.refusal((row.names.getFirst() + " " + value).strip());
                }
                return value;
              }
            })
        .build();
  }

  /** Why {@code word} is no option here, and what to write instead; empty for any other word. */
  static Optional<Refusal> refusal(String word) {
    return TABLE.stream()
        .filter(row -> row.names.contains(word))
        .map(row -> row.refusal(word))
        .findFirst();
  }
}
