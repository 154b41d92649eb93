// FetchListener: who hears how a download goes.
package dev.gatun.hub;

/** Called by the thread that fetches; what it does must be quick. */
public interface FetchListener {

  /** Something worth telling a person; it may hold what a server said, of any characters. */
  void tell(String line);

  /**
   * A download begins.
   *
   * @param label what is fetched
   * @param total bytes to come, -1 where unknown
   */
  Progress begin(String label, long total);

  /** One download; closed when it is over, however it went. */
  interface Progress extends AutoCloseable {
    /** {@code done} bytes of the total are here; it may fall when a file has to start over. */
    void to(long done);

    @Override
    void close();
  }

  /** Hears nothing. */
  static FetchListener none() {
    return new FetchListener() {
      @Override
      public void tell(String line) {}

      @Override
      public Progress begin(String label, long total) {
        return new Progress() {
          @Override
          public void to(long done) {}

          @Override
          public void close() {}
        };
      }
    };
  }
}
