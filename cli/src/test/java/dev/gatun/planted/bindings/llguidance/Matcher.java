// Matcher: stands for llguidance's bindings in the planted violations.
package dev.gatun.planted.bindings.llguidance;

public final class Matcher {
  private Matcher() {}

  public static void call() {}
}
