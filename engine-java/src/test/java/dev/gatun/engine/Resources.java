// Resources: the oracles that whole models are tested with.
package dev.gatun.engine;

import dev.gatun.verify.Oracles;
import java.nio.file.Path;

final class Resources {
  static final Oracles ORACLES =
      new Oracles(
          Path.of("src/test/resources/oracle"),
          Path.of("target/oracle", System.getProperty("gatun.fork", "fork-1")));

  private Resources() {}
}
