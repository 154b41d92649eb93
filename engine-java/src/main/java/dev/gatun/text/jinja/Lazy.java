// Lazy: a generator; its elements can be taken once.
package dev.gatun.text.jinja;

import java.util.Iterator;

record Lazy(Iterator<?> elements) {}
