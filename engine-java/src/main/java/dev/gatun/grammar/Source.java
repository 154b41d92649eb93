// Source: a form of answers as llguidance reads it.
package dev.gatun.grammar;

import dev.gatun.chat.OutputFormat;
import dev.gatun.chat.OutputFormat.Gbnf;
import dev.gatun.chat.OutputFormat.JsonObject;
import dev.gatun.chat.OutputFormat.JsonSchema;
import dev.gatun.chat.OutputFormat.Lark;
import dev.gatun.chat.OutputFormat.Regex;
import dev.gatun.chat.OutputFormat.Text;
import dev.gatun.refusal.Refusal;

/**
 * @param name what the user calls it
 * @param kind what llguidance calls its notation
 */
record Source(String name, String kind, String text) {
  /** Characters of a schema, pattern or grammar. */
  static final int LONGEST = 1 << 18;

  static Source of(OutputFormat format) {
    return switch (format) {
      case Text _ -> throw new IllegalArgumentException("free text has no grammar");
      case JsonObject _ -> schema("{\"type\": \"object\"}");
      case JsonSchema given -> schema(given.schema());
      case Regex given ->
          new Source("regular expression", "regex", checked("regular expression", given.pattern()));
      case Gbnf given ->
          new Source("grammar", "lark", LarkWriter.lark(checked("grammar", given.grammar())));
      case Lark given ->
          new Source(
              "grammar", "lark", SchemaText.checkedGrammar(checked("grammar", given.grammar())));
    };
  }

  private static Source schema(String schema) {
    String name = "JSON schema";
    return new Source(name, "json_schema", SchemaText.checked(checked(name, schema)));
  }

  private static String checked(String name, String text) {
    if (text.length() > LONGEST) {
      throw Refusal.usage(
          "the " + name + " has " + text.length() + " characters, the most is " + LONGEST,
          "give a shorter one");
    }
    if (text.indexOf('\0') >= 0) {
      throw Refusal.usage("the " + name + " holds the character U+0000", "leave it out");
    }
    return text;
  }

  /** What llguidance says against it. */
  Refusal refused(String error) {
    return Refusal.usage("the " + name + " is not supported: " + error, "change the " + name);
  }
}
