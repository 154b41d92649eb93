// Native: stands for the bindings in the planted violations.
package dev.gatun.planted.bindings;

public final class Native {
  private Native() {}

  public static void call() {}
}
