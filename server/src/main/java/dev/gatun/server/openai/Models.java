// Models: GET /v1/models, which model is served under which names.
package dev.gatun.server.openai;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.gatun.Gatun;
import dev.gatun.server.Call;
import dev.gatun.server.Json;
import dev.gatun.server.Route;
import dev.gatun.server.ServedModel;
import java.io.IOException;

public final class Models implements Route {
  private final ServedModel served;

  public Models(ServedModel served) {
    this.served = served;
  }

  @Override
  public void answer(Call call) throws IOException {
    Gatun model = served.model();
    ObjectNode list = Json.object().put("object", "list");
    ArrayNode data = list.putArray("data");
    for (String name : served.names()) {
      data.addObject()
          .put("id", name)
          .put("object", "model")
          .put("created", served.since().getEpochSecond())
          .put("owned_by", "gatun")
          .put("max_model_len", model.context())
          .putObject("meta")
          .put("n_ctx", model.context())
          .put("file", model.name())
          .put("device", model.device());
    }
    call.answer(200, list);
  }
}
