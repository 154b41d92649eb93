// Ids: names of answers, of their parts and of tool calls.
package dev.gatun.dialogue;

import java.security.SecureRandom;

/** Safe for use by several threads. */
public final class Ids {
  private static final SecureRandom RANDOM = new SecureRandom();
  private static final String LETTERS =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";

  private Ids() {}

  /** A name that nothing else has. */
  public static String next(String prefix) {
    StringBuilder id = new StringBuilder(prefix);
    RANDOM.ints(24, 0, LETTERS.length()).forEach(i -> id.append(LETTERS.charAt(i)));
    return id.toString();
  }
}
