// Undefined: a name or attribute that does not exist; prints as nothing, else is an error.
package dev.gatun.text.jinja;

/**
 * @param message what is said when the value is used
 */
record Undefined(String message) {
  static Undefined name(String name) {
    return new Undefined(Repr.quoted(name) + " is undefined");
  }

  static Undefined attribute(Object owner, Object name, Budget budget) {
    String type = owner == null ? "None" : Values.typeName(owner) + " object";
    return name instanceof String text
        ? new Undefined("'" + type + "' has no attribute " + Repr.quoted(text))
        : new Undefined(type + " has no element " + Repr.repr(name, budget));
  }

  static Undefined unsafe(Object owner, String name) {
    return new Undefined(
        "access to attribute '" + name + "' of '" + Values.typeName(owner) + "' object is unsafe.");
  }

  TemplateFault fault() {
    return TemplateFault.runtime(message);
  }
}
