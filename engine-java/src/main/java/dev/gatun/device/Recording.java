// Recording: calls of one device, issued again as a whole.
package dev.gatun.device;

/** What {@link Device#record} made of some calls: on a GPU a CUDA graph, one launch a run. */
public interface Recording extends AutoCloseable {

  /** Issues the calls, with the addresses and shapes they had when they were recorded. */
  void run();

  @Override
  void close();
}
