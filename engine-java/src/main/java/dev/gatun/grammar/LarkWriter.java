// LarkWriter: writes a grammar of llama.cpp's in llguidance's notation.
package dev.gatun.grammar;

import com.fasterxml.jackson.core.io.JsonStringEncoder;
import dev.gatun.grammar.GbnfNode.Alternatives;
import dev.gatun.grammar.GbnfNode.Characters;
import dev.gatun.grammar.GbnfNode.Literal;
import dev.gatun.grammar.GbnfNode.Repetition;
import dev.gatun.grammar.GbnfNode.Rule;
import dev.gatun.grammar.GbnfNode.Sequence;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * A rule that does not come back to itself, nor any it names, is a terminal: a regular expression,
 * by which masks are quick. Terminals take as much as they can, so where one is followed by what it
 * could have taken itself, fewer texts are allowed than the grammar has, and never others.
 */
final class LarkWriter {
  private final Map<String, GbnfNode> rules;

  /** By rule, in the order in which they are met from the root. */
  private final Map<String, String> names = new LinkedHashMap<>();

  private LarkWriter(Map<String, GbnfNode> rules) {
    this.rules = rules;
  }

  static String lark(String gbnf) {
    return new LarkWriter(GbnfParser.rules(gbnf)).write();
  }

  private String write() {
    Set<String> terminals = terminals();
    for (String name : reached()) {
      // Terminals are in capitals.
      names.put(name, (terminals.contains(name) ? "TERMINAL" : "rule") + names.size());
    }
    StringBuilder lark = new StringBuilder("start: " + names.get("root") + "\n");
    names.forEach((name, lean) -> lark.append(lean + ": " + text(rules.get(name)) + "\n"));
    return lark.toString();
  }

  /** The rules whose rules are all terminals, from those on that name none. */
  private Set<String> terminals() {
    Map<String, List<String>> users = new HashMap<>();
    Map<String, Integer> missing = new HashMap<>();
    Deque<String> found = new ArrayDeque<>();
    rules.forEach(
        (name, node) -> {
          List<String> named = node.names().toList();
          named.forEach(each -> users.computeIfAbsent(each, _ -> new ArrayList<>()).add(name));
          missing.put(name, named.size());
          if (named.isEmpty()) {
            found.add(name);
          }
        });
    Set<String> terminals = new HashSet<>();
    while (!found.isEmpty()) {
      String name = found.removeFirst();
      terminals.add(name);
      for (String user : users.getOrDefault(name, List.of())) {
        if (missing.merge(user, -1, Integer::sum) == 0) {
          found.add(user);
        }
      }
    }
    return terminals;
  }

  private Set<String> reached() {
    Set<String> reached = new LinkedHashSet<>(Set.of("root"));
    Deque<String> open = new ArrayDeque<>(reached);
    while (!open.isEmpty()) {
      rules.get(open.removeFirst()).names().filter(reached::add).forEach(open::add);
    }
    return reached;
  }

  private String text(GbnfNode node) {
    return switch (node) {
      case Alternatives(List<GbnfNode> cases) -> joined(cases, " | ");
      case Sequence(List<GbnfNode> parts) -> parts.isEmpty() ? "\"\"" : joined(parts, " ");
      case Repetition(GbnfNode part, int least, int most) -> repeated(text(part), least, most);
      case Literal(String text) -> '"' + String.valueOf(quoted(text)) + '"';
      case Characters(boolean negated, List<int[]> ranges) -> characters(negated, ranges);
      case Rule(String name) -> names.get(name);
    };
  }

  private String joined(List<GbnfNode> nodes, String between) {
    return nodes.stream().map(this::text).collect(Collectors.joining(between, "(", ")"));
  }

  private static char[] quoted(String text) {
    return JsonStringEncoder.getInstance().quoteAsString(text);
  }

  private static String repeated(String part, int least, int most) {
    if (most == 0) {
      return "\"\"";
    }
    return "(" + part + "){" + least + "," + (most < 0 ? "" : most) + "}";
  }

  private static String characters(boolean negated, List<int[]> ranges) {
    if (ranges.isEmpty()) {
      return "/(?s:.)/";
    }
    return ranges.stream()
        .map(range -> String.format(Locale.ROOT, "\\x{%X}-\\x{%X}", range[0], range[1]))
        .collect(Collectors.joining("", negated ? "/[^" : "/[", "]/"));
  }
}
