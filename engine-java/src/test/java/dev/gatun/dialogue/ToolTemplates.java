// ToolTemplates: chat templates with tools: published ones, and short ones in the manner of others.
package dev.gatun.dialogue;

import dev.gatun.text.ChatTemplate;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.time.Clock;
import java.time.Instant;
import java.time.ZoneOffset;

final class ToolTemplates {
  private static final Clock CLOCK = Clock.fixed(Instant.EPOCH, ZoneOffset.UTC);

  /** As Llama 3.1 and 3.2 are spoken to: one call, instead of text. */
  static final String LLAMA =
      """
      {%- if tools %}Tools:{% for tool in tools %}{{ tool | tojson }}{% endfor %}{% endif %}
      {%- for message in messages %}
      {%- if 'tool_calls' in message %}
      {%- if message.tool_calls | length > 1 %}{{ raise_exception("one call at a time") }}{% endif %}
      {%- set call = message.tool_calls[0].function %}
      {{- '<|start_header_id|>assistant<|end_header_id|>\\n\\n' }}
      {{- '{"name": "' + call.name + '", "parameters": ' + call.arguments | tojson + '}<|eot_id|>' }}
      {%- else %}
      {{- '<|start_header_id|>' + message.role + '<|end_header_id|>\\n\\n' }}
      {{- message.content + '<|eot_id|>' }}
      {%- endif %}
      {%- endfor %}
      {%- if add_generation_prompt %}<|start_header_id|>assistant<|end_header_id|>

      {% endif %}\
      """;

  /** As Qwen3-Coder is spoken to. */
  static final String QWEN_CODER =
      """
      {%- for tool in tools or [] %}<function><name>{{ tool.function.name }}</name></function>{% endfor %}
      {%- for message in messages %}
      {{- '<|im_start|>' + message.role + '\\n' + message.content }}
      {%- for call in message.tool_calls or [] %}
      {{- '\\n<tool_call>\\n<function=' + call.function.name + '>\\n' }}
      {%- for name, value in call.function.arguments | items %}
      {{- '<parameter=' + name + '>\\n' }}
      {{- value if value is string else value | tojson }}
      {{- '\\n</parameter>\\n' }}
      {%- endfor %}
      {{- '</function>\\n</tool_call>' }}
      {%- endfor %}
      {{- '<|im_end|>\\n' }}
      {%- endfor %}\
      """;

  /** As Kimi K2 is spoken to, by the ids that it wrote. */
  static final String KIMI =
      """
      {%- if tools %}<|im_system|>tool_declare<|im_middle|>{{ tools | tojson }}<|im_end|>{% endif %}
      {%- for message in messages %}
      {{- '<|im_' + message.role + '|>' + (message.name or message.role) + '<|im_middle|>' }}
      {%- if message.role == 'tool' %}## Return of {{ message.tool_call_id }}
      {% endif %}
      {{- message.content }}
      {%- if message.tool_calls %}<|tool_calls_section_begin|>
      {%- for call in message.tool_calls %}
      {{- '<|tool_call_begin|>' + call.id + '<|tool_call_argument_begin|>' }}
      {{- call.function.arguments if call.function.arguments is string else 0 }}
      {{- '<|tool_call_end|>' }}
      {%- endfor %}
      {{- '<|tool_calls_section_end|>' }}
      {%- endif %}
      {{- '<|im_end|>' }}
      {%- endfor %}\
      """;

  /** A chat without tools. */
  static final String PLAIN =
      "{% for message in messages %}{{ message.role }}: {{ message.content }}\n{% endfor %}";

  private ToolTemplates() {}

  /** DeepSeek's own template, which shows calls and no tools, with tools before all else. */
  static ChatTemplate withTools(String name) {
    return of("{% for tool in tools or [] %}{{ tool | tojson }}{% endfor %}" + source(name));
  }

  static ChatTemplate published(String name) {
    return of(source(name));
  }

  static ChatTemplate of(String source) {
    return ChatTemplate.of(source, CLOCK);
  }

  private static String source(String name) {
    String resource = "/chat-templates/" + name + ".jinja";
    try (InputStream in = ToolTemplates.class.getResourceAsStream(resource)) {
      return new String(in.readAllBytes(), StandardCharsets.UTF_8);
    } catch (IOException missing) {
      throw new AssertionError(resource, missing);
    }
  }
}
