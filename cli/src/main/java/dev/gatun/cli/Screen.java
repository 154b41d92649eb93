// Screen: shows how a download goes; a bar on a terminal, a line every tenth elsewhere.
package dev.gatun.cli;

import dev.gatun.hub.FetchListener;
import java.io.PrintStream;
import java.util.function.BooleanSupplier;

/**
 * The stream that progress goes to.
 *
 * @param terminal whether a bar may be redrawn in place; asked only when there is one to show
 */
record Screen(PrintStream out, BooleanSupplier terminal) implements FetchListener {

  /** Control characters, which may come from a server, are taken out. */
  @Override
  public void tell(String line) {
    out.println(line.replaceAll("\\p{Cntrl}+", " "));
    out.flush();
  }

  @Override
  public Progress begin(String label, long total) {
    return new ProgressLine(this, label, total);
  }
}
