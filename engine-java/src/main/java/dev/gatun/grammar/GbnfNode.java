// GbnfNode: what stands right of ::= in a grammar of llama.cpp's.
package dev.gatun.grammar;

import java.util.List;
import java.util.stream.Stream;

sealed interface GbnfNode {
  record Alternatives(List<GbnfNode> cases) implements GbnfNode {}

  record Sequence(List<GbnfNode> parts) implements GbnfNode {}

  /**
   * @param most negative: without end
   */
  record Repetition(GbnfNode part, int least, int most) implements GbnfNode {}

  record Literal(String text) implements GbnfNode {}

  /**
   * @param ranges first and last code point of each
   * @param negated any character but these
   */
  record Characters(boolean negated, List<int[]> ranges) implements GbnfNode {}

  record Rule(String name) implements GbnfNode {}

  /** The rules it names, as often as it does. */
  default Stream<String> names() {
    return switch (this) {
      case Alternatives(List<GbnfNode> cases) -> cases.stream().flatMap(GbnfNode::names);
      case Sequence(List<GbnfNode> parts) -> parts.stream().flatMap(GbnfNode::names);
      case Repetition repetition -> repetition.part.names();
      case Rule rule -> Stream.of(rule.name);
      case Literal _, Characters _ -> Stream.empty();
    };
  }
}
