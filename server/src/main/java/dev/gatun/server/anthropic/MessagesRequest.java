// MessagesRequest: what POST /v1/messages asks, read and checked.
package dev.gatun.server.anthropic;

import dev.gatun.Gatun;
import dev.gatun.chat.ChatOptions;
import dev.gatun.chat.Message;
import dev.gatun.sample.SamplingOptions;
import dev.gatun.server.ApiError;
import dev.gatun.server.Fields;
import dev.gatun.server.generation.SamplingFields;
import dev.gatun.server.generation.Stops;
import java.util.List;

/**
 * @param options of the answer but its cancellation
 */
record MessagesRequest(List<Message> messages, ChatOptions options, boolean stream) {

  /**
   * @throws ApiError or Refusal for what cannot be honoured
   */
  static MessagesRequest read(Fields fields, Gatun model) {
    Conversation conversation = Conversation.read(fields);
    int most =
        fields
            .integer("max_tokens", 1, Integer.MAX_VALUE)
            .orElseThrow(
                () -> ApiError.invalid("max_tokens", "max_tokens is missing; it is required"));
    SamplingFields drawn = new SamplingFields(fields);
    drawn.number("temperature", SamplingOptions::withTemperature);
    drawn.number("top_p", SamplingOptions::withTopP);
    drawn.integer("top_k", SamplingOptions::withTopK);
    boolean stream = fields.flag("stream").orElse(false);
    ChatOptions options =
        conversation
            .options()
            .withMaxTokens(most)
            .withStops(Stops.read(fields, "stop_sequences"))
            .withSampling(drawn.checked(model.sampling()));
    fields.fields("metadata"); // who asks; it changes no answer
    fields.word("service_tier", "auto", "standard_only");
    fields.refuseOthers();
    return new MessagesRequest(conversation.messages(), options, stream);
  }
}
