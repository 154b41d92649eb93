// Message: one turn of a conversation, as chat templates see it.
package dev.gatun.cli;

import java.util.Map;

/**
 * @param role system, user or assistant; what other roles mean is the template's to say
 */
record Message(String role, String content) {
  static Message system(String content) {
    return new Message("system", content);
  }

  static Message user(String content) {
    return new Message("user", content);
  }

  static Message assistant(String content) {
    return new Message("assistant", content);
  }

  Map<String, Object> asMap() {
    return Map.of("role", role, "content", content);
  }
}
