// OutputConfig: how much effort an answer takes, and its form.
package dev.gatun.server.anthropic;

import dev.gatun.chat.ChatOptions;
import dev.gatun.chat.OutputFormat;
import dev.gatun.server.ApiError;
import dev.gatun.server.Fields;
import dev.gatun.server.generation.Effort;
import dev.gatun.server.generation.Formats;
import java.util.Optional;

final class OutputConfig {
  private OutputConfig() {}

  static ChatOptions read(Fields fields, ChatOptions options) {
    Optional<Fields> config = fields.fields("output_config");
    if (config.isEmpty()) {
      return options;
    }
    Fields own = config.get();
    Optional<String> effort = own.word("effort", "low", "medium", "high", "xhigh", "max");
    Optional<OutputFormat> format = own.fields("format").map(OutputConfig::format);
    own.refuseOthers();
    int budget = effort.map(Effort::tokens).orElse(-1);
    ChatOptions limited = options.withThinking(options.thinking().withBudget(budget));
    return format.map(limited::withFormat).orElse(limited);
  }

  private static OutputFormat format(Fields fields) {
    if (!fields.requiredText("type").equals("json_schema")) {
      throw ApiError.invalid(
          fields.path("type"), fields.path("type") + " is not json_schema; send that");
    }
    OutputFormat format = Formats.schema(fields, "schema");
    fields.refuseOthers();
    return format;
  }
}
