// Commands: the list of sub-commands, and the parser set up for the one that is asked for.
package dev.gatun.cli;

import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Function;
import java.util.function.Supplier;
import picocli.CommandLine;
import picocli.CommandLine.Help;
import picocli.CommandLine.Help.Ansi;

/**
 * Builds the parser. Only the sub-command that the first word names is set up, since reading the
 * annotations of all of them would cost a tenth of the time to the first token; help and misspelt
 * names get them all.
 */
final class Commands {
  private static final List<String> RUN_MODELS = List.of("run", "serve", "bench", "plan", "logits");

  private Commands() {}

  static CommandLine commandLine(Stdio stdio, Interrupts interrupts, List<String> words) {
    Map<String, Supplier<Object>> all = all(stdio, interrupts);
    CommandLine top = new CommandLine(new Gatun(stdio));
    String first = words.isEmpty() ? "" : words.getFirst();
    if (all.containsKey(first)) {
      top.addSubcommand(first, all.get(first).get());
    } else {
      all.forEach((name, command) -> top.addSubcommand(name, command.get()));
    }
    RUN_MODELS.stream()
        .filter(top.getSubcommands()::containsKey)
        .forEach(name -> LlamaOptions.addTo(top.getSubcommands().get(name)));
    configure(top, stdio);
    return top;
  }

  /** Variables that look like an option's and are none of any command: most likely misspelt. */
  static List<String> unknownVariables(Stdio stdio, Interrupts interrupts) {
    List<String> set =
        stdio.environment().keySet().stream()
            .filter(name -> name.startsWith(EnvironmentDefaults.PREFIX))
            .sorted()
            .toList();
    if (set.isEmpty()) {
      return set;
    }
    Set<String> known = new HashSet<>();
    for (Supplier<Object> command : all(stdio, interrupts).values()) {
      new CommandLine(command.get())
          .getCommandSpec()
          .options()
          .forEach(option -> known.add(EnvironmentDefaults.variable(option.longestName())));
    }
    return set.stream().filter(name -> !known.contains(name)).toList();
  }

  private static Map<String, Supplier<Object>> all(Stdio stdio, Interrupts interrupts) {
    Map<String, Supplier<Object>> commands = new LinkedHashMap<>();
    commands.put("run", () -> new Run(stdio, interrupts));
    add(commands, "serve", Serve::new, stdio);
    add(commands, "ps", Ps::new, stdio);
    add(commands, "show", Show::new, stdio);
    add(commands, "tokenize", Tokenize::new, stdio);
    add(commands, "render", Render::new, stdio);
    add(commands, "plan", Plan::new, stdio);
    add(commands, "logits", Logits::new, stdio);
    add(commands, "bench", Bench::new, stdio);
    add(commands, "balance", Balance::new, stdio);
    add(commands, "verify", Verify::new, stdio);
    add(commands, "devices", Devices::new, stdio);
    add(commands, "fetch", Fetch::new, stdio);
    add(commands, "version", Version::new, stdio);
    return commands;
  }

  private static void add(
      Map<String, Supplier<Object>> commands,
      String name,
      Function<Stdio, Object> constructor,
      Stdio stdio) {
    commands.put(name, () -> constructor.apply(stdio));
  }

  private static void configure(CommandLine top, Stdio stdio) {
    top.setPosixClusteredShortOptionsAllowed(false); // -hf is one option, not -h and -f
    top.setAbbreviatedOptionsAllowed(false);
    top.setAbbreviatedSubcommandsAllowed(false);
    top.setCaseInsensitiveEnumValuesAllowed(true);
    top.setExpandAtFiles(false); // a prompt may start with @
    top.setUsageHelpAutoWidth(true);
    top.setDefaultValueProvider(new EnvironmentDefaults(stdio.environment()));
    // Whether to colour is asked when there is help to print: asking takes a tenth of a start.
    top.setHelpFactory((spec, _) -> new Help(spec, colours(stdio)));
    top.setOut(new PrintWriter(stdio.out().stream(), true, StandardCharsets.UTF_8));
    top.setErr(new PrintWriter(stdio.err(), true, StandardCharsets.UTF_8));
  }

  private static Help.ColorScheme colours(Stdio stdio) {
    return Help.defaultColorScheme(stdio.outStyled() ? Ansi.ON : Ansi.OFF);
  }
}
