// Messages: POST /v1/messages.
package dev.gatun.server.anthropic;

import dev.gatun.Gatun;
import dev.gatun.chat.Answer;
import dev.gatun.dialogue.Ids;
import dev.gatun.dialogue.Prompt;
import dev.gatun.server.Admission;
import dev.gatun.server.Call;
import dev.gatun.server.EventStream;
import dev.gatun.server.Fields;
import dev.gatun.server.Json;
import dev.gatun.server.Route;
import dev.gatun.server.ServedModel;
import dev.gatun.server.generation.Prompts;
import dev.gatun.server.generation.SingleAnswer;
import java.io.IOException;

public final class Messages implements Route {
  private final ServedModel served;
  private final Admission admission;

  public Messages(ServedModel served, Admission admission) {
    this.served = served;
    this.admission = admission;
  }

  @Override
  public void answer(Call call) throws IOException {
    Fields fields = Fields.of(call.json());
    Gatun model = served.named(fields.text("model"));
    MessagesRequest request = MessagesRequest.read(fields, model);
    Prompt prompt = Prompts.of(model, request.messages(), request.options());
    MessageJson message = new MessageJson(Ids.next("msg_"), served.name());
    call.begin(message.id(), served, request.stream(), prompt.ids().length);
    if (request.stream()) {
      stream(call, model, request, prompt, message);
      return;
    }
    AnswerBlocks blocks = new AnswerBlocks((_, _) -> {});
    Answer answer = SingleAnswer.of(call, admission, model, prompt, request.options(), blocks);
    blocks.finish();
    call.answer(200, message.whole(blocks.content(), answer));
  }

  private void stream(
      Call call, Gatun model, MessagesRequest request, Prompt prompt, MessageJson message) {
    EventStream events = call.events();
    events.opensWith(() -> events.send("message_start", message.start(prompt.ids().length)));
    events.run(
        () -> {
          AnswerBlocks blocks = new AnswerBlocks(events::send);
          Answer answer =
              SingleAnswer.of(call, admission, model, prompt, request.options(), blocks);
          blocks.finish();
          events.send("message_delta", message.delta(answer));
          events.send("message_stop", Json.object().put("type", "message_stop"));
        },
        error -> events.send("error", Errors.json(error)));
  }
}
