// MetricsRoute: GET /metrics, in Prometheus' text format.
package dev.gatun.server;

import io.prometheus.metrics.config.EscapingScheme;
import io.prometheus.metrics.expositionformats.PrometheusTextFormatWriter;
import java.io.ByteArrayOutputStream;
import java.io.IOException;

/** Needs the key as all else does: who asks how much is not everybody's to know. */
final class MetricsRoute implements Route {
  private final PrometheusTextFormatWriter writer = PrometheusTextFormatWriter.create();
  private final Metrics metrics;

  MetricsRoute(Metrics metrics) {
    this.metrics = metrics;
  }

  @Override
  public void answer(Call call) throws IOException {
    ByteArrayOutputStream text = new ByteArrayOutputStream();
    writer.write(text, metrics.snapshots(), EscapingScheme.ALLOW_UTF8);
    call.answer(200, writer.getContentType(), text.toByteArray());
  }
}
