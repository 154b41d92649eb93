// Props: GET /props, what does not change from request to request, and how full the cache is.
package dev.gatun.server;

import dev.gatun.Gatun;
import dev.gatun.kv.CacheCounts;
import java.io.IOException;

final class Props implements Route {
  private final ServedModel served;

  Props(ServedModel served) {
    this.served = served;
  }

  @Override
  public void answer(Call call) throws IOException {
    Gatun model = served.model();
    CacheCounts pages = model.engine().cacheCounts();
    long total = model.engine().cacheBytes();
    var props =
        Json.object()
            .put("model", served.name())
            .put("file", model.name())
            .put("device", model.device())
            .put("context", model.context())
            .put("parallel", model.parallel());
    props
        .putObject("cache") // bytes
        .put("used", total / pages.pages() * pages.heldPages())
        .put("total", total);
    call.answer(200, props);
  }
}
