// ToolOptions: which functions an answer may call, and whether it has to.
package dev.gatun.chat;

import dev.gatun.refusal.Refusal;
import java.util.List;
import java.util.Objects;
import java.util.Optional;

/**
 * @param tools that the model is told of; names differ
 * @param choice whether the answer may, must or may not call
 * @param named the only one that may be called; present where {@code choice} is {@link
 *     Choice#NAMED} alone
 * @param parallel whether one answer may have several calls
 */
public record ToolOptions(
    List<Tool> tools, Choice choice, Optional<String> named, boolean parallel) {

  /** Whether an answer has calls. */
  public enum Choice {
    /** The model decides. */
    AUTO,
    /**
     * It is told of the tools and may not call them; a call that it writes all the same is text.
     */
    NONE,
    /** It calls one or more. */
    REQUIRED,
    /** It calls {@link ToolOptions#named}. */
    NAMED
  }

  public ToolOptions {
    Objects.requireNonNull(choice, "choice");
    tools = List.copyOf(tools);
    List<String> names = tools.stream().map(Tool::name).toList();
    if (names.stream().distinct().count() < names.size()) {
      throw Refusal.usage("two tools of one name among " + names, "give each its own");
    }
    if ((choice == Choice.NAMED) != named.isPresent()) {
      throw Refusal.usage("tool choice " + choice + " with name " + named, "name a tool for NAMED");
    }
    if (tools.isEmpty() && (choice == Choice.REQUIRED || choice == Choice.NAMED)) {
      throw Refusal.usage("a tool must be called, and none is given", "give tools");
    }
    named
        .filter(name -> !names.contains(name))
        .ifPresent(
            name -> {
              throw Refusal.usage(
                  "tool \"" + name + "\" is not among " + names, "name one that is");
            });
  }

  /** No tools. */
  public static ToolOptions none() {
    return new ToolOptions(List.of(), Choice.AUTO, Optional.empty(), true);
  }

  /** Tools that the model may call. */
  public static ToolOptions of(Tool... tools) {
    return new ToolOptions(List.of(tools), Choice.AUTO, Optional.empty(), true);
  }

  /** Whether the answer has to be a call. */
  public boolean forces() {
    return choice == Choice.REQUIRED || choice == Choice.NAMED;
  }
}
