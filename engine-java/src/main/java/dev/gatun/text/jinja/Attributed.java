// Attributed: a value of this package with attributes of its own.
package dev.gatun.text.jinja;

interface Attributed {
  /** What {@link #attribute} gives where there is no such attribute; null is None. */
  Object ABSENT = new Object();

  /** Python's name of the type. */
  String typeName();

  /** The attribute's value, or {@link #ABSENT}. */
  Object attribute(String name);
}
