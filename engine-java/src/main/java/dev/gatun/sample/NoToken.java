// NoToken: why no token can be drawn from some logits.
package dev.gatun.sample;

import dev.gatun.refusal.Refusal;

final class NoToken {
  private NoToken() {}

  /**
   * @param found which logit, as far as is known
   */
  static Refusal notANumber(String found) {
    return Refusal.device(
        found + ", not a number to sample from",
        "check the checkpoint's files, and run with --compute f32 to tell a bad file from a bad"
            + " kernel",
        null);
  }

  static Refusal allBanned() {
    return Refusal.usage("every token is banned", "remove a logit bias of -inf");
  }
}
