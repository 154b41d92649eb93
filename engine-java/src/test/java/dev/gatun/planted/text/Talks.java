// Talks: planted violations; prints, logs, and calls the bindings, from where none of it belongs.
package dev.gatun.planted.text;

import dev.gatun.planted.bindings.Native;
import java.util.logging.Logger;

final class Talks {
  private static final Logger LOGGER = Logger.getLogger("planted");

  void talk() {
    System.out.println("out");
    System.err.println("err");
    LOGGER.info("log");
    Native.call();
  }

  void trace(Exception e) {
    e.printStackTrace();
  }
}
