// Exchanging: an op that begins an exchange with other ranks.
package dev.gatun.op;

import java.util.List;

/** Publishes what this rank gives; another op collects. */
public interface Exchanging extends Op {
  /** Ranks that take part, ascending. */
  List<Integer> members();

  /** Most bytes of all parts together. */
  long exchangedBytes();

  /** Bytes that come from ranks to others, counted for each of them. */
  long movedBytes();
}
