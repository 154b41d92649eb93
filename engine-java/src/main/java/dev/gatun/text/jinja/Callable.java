// Callable: a value that can be called: a global function, a method bound to its receiver, a macro.
package dev.gatun.text.jinja;

@FunctionalInterface
interface Callable {
  Object call(Arguments arguments);
}
