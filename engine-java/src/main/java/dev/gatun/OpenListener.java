// OpenListener: who hears how a model is fetched and loaded.
package dev.gatun;

/**
 * Called by the threads that fetch and load; what it does must be quick. Each method may be left.
 */
public interface OpenListener {

  /** Something about a download worth telling a person, in any characters a server sends. */
  default void told(String line) {}

  /**
   * A download goes on.
   *
   * @param label what is fetched
   * @param done bytes that are here; it may fall where a file has to start over
   * @param total bytes of all, -1 where unknown
   */
  default void fetched(String label, long done, long total) {}

  /**
   * The load goes on.
   *
   * @param done bytes of weights that are on the device
   */
  default void loaded(long done) {}
}
