// Requests: LangChain4j's requests and responses as the library's, and what it cannot honour.
package dev.gatun.langchain4j;

import dev.gatun.Gatun;
import dev.gatun.chat.Answer;
import dev.gatun.chat.ChatOptions;
import dev.gatun.chat.Message;
import dev.gatun.chat.OutputFormat;
import dev.gatun.refusal.Refusal;
import dev.gatun.sample.SamplingOptions;
import dev.langchain4j.data.message.AiMessage;
import dev.langchain4j.data.message.ChatMessage;
import dev.langchain4j.data.message.Content;
import dev.langchain4j.data.message.SystemMessage;
import dev.langchain4j.data.message.TextContent;
import dev.langchain4j.data.message.ToolExecutionResultMessage;
import dev.langchain4j.data.message.UserMessage;
import dev.langchain4j.exception.InternalServerException;
import dev.langchain4j.exception.InvalidRequestException;
import dev.langchain4j.exception.UnsupportedFeatureException;
import dev.langchain4j.internal.Json;
import dev.langchain4j.internal.JsonSchemaElementUtils;
import dev.langchain4j.model.chat.request.ChatRequestParameters;
import dev.langchain4j.model.chat.request.DefaultChatRequestParameters;
import dev.langchain4j.model.chat.request.ResponseFormat;
import dev.langchain4j.model.chat.request.ResponseFormatType;
import dev.langchain4j.model.chat.response.ChatResponse;
import dev.langchain4j.model.chat.response.ChatResponseMetadata;
import dev.langchain4j.model.output.FinishReason;
import dev.langchain4j.model.output.TokenUsage;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.UUID;
import java.util.stream.Collectors;

final class Requests {
  private Requests() {}

  /** Refuses parameters that would be ignored. */
  static void requireHonoured(Gatun model, ChatRequestParameters parameters) {
    refuseIf(
        parameters.getClass() != DefaultChatRequestParameters.class,
        "parameters of another provider, " + parameters.getClass().getSimpleName());
    String name = parameters.modelName();
    refuseIf(
        name != null && !name.equals(model.name()),
        "a modelName other than that of the loaded model, '" + model.name() + "',");
    refuseIf(!parameters.toolSpecifications().isEmpty() && !model.takesTools(), "a tool");
  }

  /** What {@code parameters} say, over {@code base}. */
  static ChatOptions options(Gatun model, ChatOptions base, ChatRequestParameters parameters) {
    requireHonoured(model, parameters);
    try {
      ChatOptions options = base.withSampling(sampling -> sampling(sampling, parameters));
      if (parameters.maxOutputTokens() != null) {
        options = options.withMaxTokens(parameters.maxOutputTokens());
      }
      if (!parameters.stopSequences().isEmpty()) {
        options = options.withStops(parameters.stopSequences().toArray(String[]::new));
      }
      if (!parameters.toolSpecifications().isEmpty() || parameters.toolChoice() != null) {
        options = options.withTools(Tools.options(parameters));
      }
      if (parameters.responseFormat() != null) {
        options = options.withFormat(format(parameters.responseFormat()));
      }
      return options;
    } catch (Refusal refusal) {
      throw mapped(refusal);
    }
  }

  // Strict, since LangChain4j's other form forgets additionalProperties.
  private static OutputFormat format(ResponseFormat format) {
    if (format.type() == ResponseFormatType.TEXT) {
      return new OutputFormat.Text();
    }
    return format.jsonSchema() == null
        ? new OutputFormat.JsonObject()
        : new OutputFormat.JsonSchema(
            Json.toJson(JsonSchemaElementUtils.toMap(format.jsonSchema().rootElement(), true)));
  }

  private static SamplingOptions sampling(SamplingOptions base, ChatRequestParameters parameters) {
    SamplingOptions sampling = base;
    if (parameters.temperature() != null) {
      sampling = sampling.withTemperature(parameters.temperature());
    }
    if (parameters.topP() != null) {
      sampling = sampling.withTopP(parameters.topP());
    }
    if (parameters.topK() != null) {
      sampling = sampling.withTopK(parameters.topK());
    }
    if (parameters.presencePenalty() != null) {
      sampling = sampling.withPresencePenalty(parameters.presencePenalty());
    }
    if (parameters.frequencyPenalty() != null) {
      sampling = sampling.withFrequencyPenalty(parameters.frequencyPenalty());
    }
    return sampling;
  }

  static List<Message> messages(List<ChatMessage> messages) {
    return messages.stream().map(Requests::message).toList();
  }

  private static Message message(ChatMessage message) {
    return switch (message) {
      case SystemMessage system -> Message.system(system.text());
      case UserMessage user -> user(user);
      case AiMessage answer -> assistant(answer);
      case ToolExecutionResultMessage result -> Tools.result(result, text(result.contents()));
      default -> throw unsupported("a message of type " + message.type());
    };
  }

  private static Message user(UserMessage message) {
    refuseIf(message.name() != null, "a name of the user");
    return Message.user(text(message.contents()));
  }

  private static String text(List<Content> contents) {
    return contents.stream().map(Requests::text).collect(Collectors.joining("\n"));
  }

  private static String text(Content content) {
    if (content instanceof TextContent text) {
      return text.text();
    }
    throw unsupported("content of type " + content.type().toString().toLowerCase(Locale.ROOT));
  }

  // As the model wrote it: its template looks for the tags.
  private static Message assistant(AiMessage message) {
    String text = message.text() == null ? "" : message.text();
    boolean thought = message.thinking() != null && !message.thinking().isEmpty();
    String content = thought ? "<think>\n" + message.thinking() + "\n</think>\n\n" + text : text;
    return new Message(
        "assistant", content, "", Tools.calls(message.toolExecutionRequests()), Optional.empty());
  }

  static ChatResponse response(Gatun model, Answer answer) {
    AiMessage message =
        AiMessage.builder()
            .text(answer.text().isEmpty() ? null : answer.text())
            .thinking(answer.thinking().isEmpty() ? null : answer.thinking())
            .toolExecutionRequests(answer.toolCalls().stream().map(Tools::request).toList())
            .build();
    TokenUsage usage =
        new TokenUsage(answer.usage().promptTokens(), answer.usage().generatedTokens());
    return ChatResponse.builder()
        .aiMessage(message)
        .metadata(
            ChatResponseMetadata.builder()
                .id(UUID.randomUUID().toString())
                .modelName(model.name())
                .tokenUsage(usage)
                .finishReason(finish(answer.finish()))
                .build())
        .build();
  }

  private static FinishReason finish(dev.gatun.chat.FinishReason reason) {
    return switch (reason) {
      case END_OF_TEXT, STOP_STRING -> FinishReason.STOP;
      case LIMIT, CONTEXT_FULL -> FinishReason.LENGTH;
      case TOOL_CALLS -> FinishReason.TOOL_EXECUTION;
      case CANCELLED -> FinishReason.OTHER;
    };
  }

  /** A refusal in LangChain4j's terms. */
  static RuntimeException mapped(Refusal refusal) {
    return refusal.reason() == Refusal.Reason.USAGE
        ? new InvalidRequestException(refusal.getMessage(), refusal)
        : new InternalServerException(refusal.getMessage(), refusal);
  }

  private static void refuseIf(boolean wrong, String what) {
    if (wrong) {
      throw unsupported(what);
    }
  }

  private static UnsupportedFeatureException unsupported(String what) {
    return new UnsupportedFeatureException(what + " is not supported by this model provider");
  }
}
