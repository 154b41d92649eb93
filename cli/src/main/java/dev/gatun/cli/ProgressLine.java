// ProgressLine: how far one download is.
package dev.gatun.cli;

import dev.gatun.hub.FetchListener;
import dev.gatun.hub.Figures;
import java.nio.charset.StandardCharsets;
import java.util.Optional;
import me.tongfei.progressbar.ConsoleProgressBarConsumer;
import me.tongfei.progressbar.ProgressBar;
import me.tongfei.progressbar.ProgressBarBuilder;
import me.tongfei.progressbar.ProgressBarStyle;

/**
 * A bar on a terminal; elsewhere one line at every tenth, or only at the start where the total is
 * unknown.
 */
final class ProgressLine implements FetchListener.Progress {
  // Given, so that the library opens no terminal of its own beside the one of the prompt.
  private static final int COLUMNS = 79;
  private static final int LABEL = 28;
  private static final int REDRAW_MILLIS = 200;
  private static final long MEGABYTE = 1_000_000;

  private final Screen screen;
  private final String label;
  private final long total; // bytes, -1 where unknown
  private final Optional<ProgressBar> bar;
  private long tenthsShown;

  ProgressLine(Screen screen, String label, long total) {
    this.screen = screen;
    this.label = label;
    this.total = total;
    this.bar = screen.terminal().getAsBoolean() ? Optional.of(bar()) : Optional.empty();
    if (bar.isEmpty()) {
      screen.tell(label + (total < 0 ? "" : ": " + Figures.size(total)));
    }
  }

  private ProgressBar bar() {
    boolean unicode = screen.out().charset().equals(StandardCharsets.UTF_8);
    return new ProgressBarBuilder()
        .setTaskName(label.length() <= LABEL ? label : label.substring(0, LABEL - 3) + "...")
        .setInitialMax(total)
        .setUnit(" MB", MEGABYTE)
        .setStyle(unicode ? ProgressBarStyle.UNICODE_BLOCK : ProgressBarStyle.ASCII)
        .setUpdateIntervalMillis(REDRAW_MILLIS)
        .setConsumer(new ConsoleProgressBarConsumer(screen.out(), COLUMNS))
        .build();
  }

  @Override
  public void to(long done) {
    bar.ifPresent(shown -> shown.stepTo(done));
    if (bar.isEmpty() && total > 0) {
      long tenths = Math.min(10, (long) (10.0 * done / total));
      if (tenths > tenthsShown) {
        tenthsShown = tenths;
        screen.tell(label + ": " + tenths * 10 + " %");
      }
    }
  }

  @Override
  public void close() {
    bar.ifPresent(ProgressBar::close);
  }
}
