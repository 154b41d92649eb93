// Markers: the tokens that open a text and end a generation.
package dev.gatun.text;

import java.util.Collections;
import java.util.OptionalInt;
import java.util.Set;
import java.util.TreeSet;

/**
 * @param bos opens a text
 * @param eos ends one
 * @param endOfGeneration all tokens after which nothing more is sampled
 * @param addsBos a prompt must start with {@code bos}
 */
record Markers(OptionalInt bos, OptionalInt eos, Set<Integer> endOfGeneration, boolean addsBos) {
  Markers {
    endOfGeneration = Collections.unmodifiableSet(new TreeSet<>(endOfGeneration));
  }
}
