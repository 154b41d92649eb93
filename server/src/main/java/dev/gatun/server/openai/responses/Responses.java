// Responses: POST /v1/responses.
package dev.gatun.server.openai.responses;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.gatun.Gatun;
import dev.gatun.chat.Answer;
import dev.gatun.dialogue.Ids;
import dev.gatun.dialogue.Prompt;
import dev.gatun.server.Admission;
import dev.gatun.server.Call;
import dev.gatun.server.EventStream;
import dev.gatun.server.Fields;
import dev.gatun.server.Route;
import dev.gatun.server.ServedModel;
import dev.gatun.server.generation.Prompts;
import dev.gatun.server.generation.SingleAnswer;
import java.io.IOException;

/** Nothing is stored: a conversation is sent whole each time. */
public final class Responses implements Route {
  private final ServedModel served;
  private final Admission admission;

  public Responses(ServedModel served, Admission admission) {
    this.served = served;
    this.admission = admission;
  }

  @Override
  public void answer(Call call) throws IOException {
    Fields fields = Fields.of(call.json());
    Gatun model = served.named(fields.text("model"));
    ResponsesRequest request = ResponsesRequest.read(fields, model);
    Prompt prompt = Prompts.of(model, request.messages(), request.options());
    ResponseJson response = new ResponseJson(Ids.next("resp_"), served.name(), request.echo());
    call.begin(response.id(), served, request.stream(), prompt.ids().length);
    if (request.stream()) {
      stream(call, model, request, prompt, response);
      return;
    }
    ResponseItems items = new ResponseItems(ItemEvents.untold(), request.summarized());
    Answer answer = SingleAnswer.of(call, admission, model, prompt, request.options(), items);
    items.finish(ResponseJson.isWhole(answer));
    call.answer(200, response.ended(items.output(), answer));
  }

  private void stream(
      Call call, Gatun model, ResponsesRequest request, Prompt prompt, ResponseJson response) {
    EventStream events = call.events();
    ItemEvents told = new ItemEvents(events::begin, events::send);
    events.opensWith(
        () -> {
          told.send("response.created", response.event());
          told.send("response.in_progress", response.event());
        });
    events.run(
        () -> {
          ResponseItems items = new ResponseItems(told, request.summarized());
          Answer answer = SingleAnswer.of(call, admission, model, prompt, request.options(), items);
          items.finish(ResponseJson.isWhole(answer));
          ObjectNode ended = response.ended(items.output(), answer);
          told.send("response." + ended.get("status").textValue(), ResponseJson.event(ended));
        },
        error -> told.send("error", ResponseJson.error(error)));
  }
}
