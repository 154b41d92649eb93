// OutputFormat: the form an answer must have.
package dev.gatun.chat;

import java.util.Objects;

/**
 * Tokens that would leave the form are never drawn, so an answer that comes to its own end has it;
 * one that is cut short by a limit is the beginning of such a text.
 */
public sealed interface OutputFormat {

  /** Free text. */
  record Text() implements OutputFormat {}

  /** A JSON object of any content. */
  record JsonObject() implements OutputFormat {}

  /**
   * JSON that a schema allows. Of draft 2020-12 these keywords are taken, any other is refused by
   * its name: type, enum, const, allOf, anyOf, oneOf whose cases cannot both hold, $ref within the
   * schema, properties (which come in the schema's order), required, additionalProperties,
   * patternProperties that do not overlap, minProperties and maxProperties where all properties are
   * required, items, prefixItems, minItems, maxItems, minLength, maxLength, pattern without
   * look-around, format, minimum, maximum, exclusiveMinimum, exclusiveMaximum, multipleOf.
   *
   * @param schema a JSON text
   */
  record JsonSchema(String schema) implements OutputFormat {
    public JsonSchema {
      Objects.requireNonNull(schema);
    }
  }

  /**
   * The whole answer matches a regular expression.
   *
   * @param pattern in the syntax of Rust's regex: no look-around, no back references
   */
  record Regex(String pattern) implements OutputFormat {
    public Regex {
      Objects.requireNonNull(pattern);
    }
  }

  /**
   * The answer is a sentence of a grammar in llama.cpp's notation.
   *
   * @param grammar rules, of which {@code root} is the first
   */
  record Gbnf(String grammar) implements OutputFormat {
    public Gbnf {
      Objects.requireNonNull(grammar);
    }
  }

  /**
   * The answer is a sentence of a grammar in llguidance's variant of Lark's notation.
   *
   * @param grammar rules and terminals, of which {@code start} is the first
   */
  record Lark(String grammar) implements OutputFormat {
    public Lark {
      Objects.requireNonNull(grammar);
    }
  }
}
