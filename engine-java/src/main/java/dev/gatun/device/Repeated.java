// Repeated: a recording where nothing can be recorded: the calls themselves, made again.
package dev.gatun.device;

/** Of the CPU, where nothing is launched. */
record Repeated(Runnable calls) implements Recording {
  static Recording of(Runnable calls) {
    return new Repeated(calls);
  }

  @Override
  public void run() {
    calls.run();
  }

  @Override
  public void close() {}
}
