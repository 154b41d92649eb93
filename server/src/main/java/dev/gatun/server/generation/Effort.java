// Effort: what the interfaces' words for a model's effort stand for.
package dev.gatun.server.generation;

public final class Effort {
  /** From none to the most. */
  public static final String[] WORDS = {"none", "minimal", "low", "medium", "high", "xhigh", "max"};

  private Effort() {}

  /** A budget of thinking; -1 is no limit. */
  public static int tokens(String word) {
    return switch (word) {
      case "none" -> 0;
      case "minimal" -> 512;
      case "low" -> 2048;
      case "medium" -> 8192;
      default -> -1;
    };
  }
}
