// Ranks: the devices that run one model together, as one of them sees them.
package dev.gatun.ranks;

import dev.gatun.device.Device;
import dev.gatun.refusal.Refusal;
import java.util.List;

/**
 * A rank is one device with its thread, or one process with its device; the word is MPI's. Rank 0
 * decides what runs. Used by the rank's own thread, but for {@link #fail} and {@link #close}.
 */
public interface Ranks extends AutoCloseable {

  /** From 0. */
  int rank();

  int size();

  /**
   * Joins ranks that will hand each other bytes. All of them make the same groups in the same
   * order; two groups of the same members are two.
   *
   * @param members ascending, this rank among them
   * @param bytes of the largest exchange, all parts together; at least 1
   */
  Group group(List<Integer> members, long bytes);

  /** Whether ranks are threads of one process, or processes. */
  boolean inOneProcess();

  /**
   * Joins ranks whose GPUs will hand each other bytes: in one process each reads the others' memory
   * ({@link Device#reaches}), between processes by NCCL ({@link Device#connect}). As {@link
   * #group}, all of them make the same in the same order.
   *
   * @param members ascending, this rank among them
   * @param device this rank's, open until these ranks are closed or end
   */
  Link link(List<Integer> members, Device device);

  /**
   * Tells the others that this rank cannot go on: what they wait for, now or later, becomes a
   * Refusal that names this rank and {@code reason}. From any thread; the first reason stays.
   *
   * @param kind of the others' Refusal, so that all end alike; DEVICE where ranks cannot carry it
   * @return why all end: the first reason, and its rank
   */
  Refusal fail(Refusal.Reason kind, String reason);

  /** Gives back what the groups hold; no exchange is under way. */
  @Override
  void close();
}
