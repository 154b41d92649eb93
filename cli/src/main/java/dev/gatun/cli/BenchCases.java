// BenchCases: which cases a bench runs, from lists and ranges as llama-bench has them.
package dev.gatun.cli;

import dev.gatun.refusal.Refusal;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import picocli.CommandLine.Option;

/** Every combination of what is asked for, in the order of the options. */
final class BenchCases {
  // first-last, by doubling where nothing is said; first-last+step; first-last*factor.
  private static final Pattern RANGE =
      Pattern.compile("(\\d{1,9})-(\\d{1,9})(?:([+*])(\\d{1,9}))?");
  private static final Pattern NUMBER = Pattern.compile("\\d{1,9}");
  private static final int MOST = 10_000;

  @Option(
      names = {"-p", "--n-prompt"},
      split = ",",
      paramLabel = "N",
      description =
          "Prompt lengths (512); 0 for no such test. Here and below also ranges: 128-1024 doubles,"
              + " 1-9+2 adds, 1-27*3 multiplies.")
  List<String> prompts = List.of("512");

  @Option(
      names = {"-n", "--n-gen"},
      split = ",",
      paramLabel = "N",
      description = "Tokens to generate (128); 0 for no such test.")
  List<String> generations = List.of("128");

  @Option(
      names = "-pg",
      paramLabel = "PP,TG",
      description = "A prompt and what is generated after it, timed together; may be repeated.")
  List<String> together = List.of();

  @Option(
      names = {"-d", "--n-depth"},
      split = ",",
      paramLabel = "N",
      description = "Tokens in the cache before a test begins, not timed (0).")
  List<String> depths = List.of("0");

  @Option(
      names = {"-np", "--parallel"},
      split = ",",
      paramLabel = "N",
      description = "Sequences that run a test at the same time (1). t/s is that of all together.")
  List<String> parallels = List.of("1");

  List<BenchCase> all() {
    List<BenchCase> cases = new ArrayList<>();
    for (int parallel : numbers("-np", parallels)) {
      for (int depth : numbers("-d", depths)) {
        for (int prompt : numbers("-p", prompts)) {
          add(cases, new BenchCase(prompt, 0, depth, parallel));
        }
        for (int generated : numbers("-n", generations)) {
          add(cases, new BenchCase(0, generated, depth, parallel));
        }
        for (String pair : together) {
          add(cases, pair(pair, depth, parallel));
        }
      }
    }
    if (cases.isEmpty()) {
      throw Refusal.usage("-p 0 and -n 0 leave nothing to measure", "give one of them a length");
    }
    return cases;
  }

  private static void add(List<BenchCase> cases, BenchCase one) {
    if (one.tokens() > 0) {
      cases.add(one);
    }
    if (cases.size() > MOST) {
      throw Refusal.usage("more than " + MOST + " tests", "give shorter lists or larger steps");
    }
  }

  private static BenchCase pair(String text, int depth, int parallel) {
    String[] parts = text.split(",", -1);
    Optional<int[]> both = parts.length == 2 ? lengths(parts) : Optional.empty();
    int[] lengths =
        both.orElseThrow(
            () -> Refusal.usage("-pg " + text, "give prompt and generated tokens: -pg 512,128"));
    return new BenchCase(lengths[0], lengths[1], depth, parallel);
  }

  private static Optional<int[]> lengths(String[] parts) {
    boolean numbers = NUMBER.matcher(parts[0]).matches() && NUMBER.matcher(parts[1]).matches();
    return numbers
        ? Optional.of(new int[] {Integer.parseInt(parts[0]), Integer.parseInt(parts[1])})
        : Optional.empty();
  }

  /** The numbers of a list of numbers and ranges. */
  static List<Integer> numbers(String option, List<String> texts) {
    List<Integer> numbers = new ArrayList<>();
    for (String text : texts) {
      Matcher range = RANGE.matcher(text.strip());
      if (NUMBER.matcher(text.strip()).matches()) {
        numbers.add(Integer.parseInt(text.strip()));
      } else if (range.matches()) {
        addRange(option, range, numbers);
      } else {
        throw Refusal.usage(
            option + " '" + text + "'", "give numbers, 0 or more, or ranges such as 128-1024*2");
      }
    }
    return numbers;
  }

  private static void addRange(String option, Matcher range, List<Integer> numbers) {
    long first = Long.parseLong(range.group(1));
    long last = Long.parseLong(range.group(2));
    boolean adds = "+".equals(range.group(3));
    long step = range.group(4) == null ? 2 : Long.parseLong(range.group(4));
    if (last < first || step < (adds ? 1 : 2) || (!adds && first == 0)) {
      throw Refusal.usage(
          option + " '" + range.group() + "' has no end",
          "give the lower number first, and +1 or *2 or more");
    }
    for (long at = first; at <= last && numbers.size() <= MOST; at = adds ? at + step : at * step) {
      numbers.add((int) at);
    }
  }
}
