// ChatTemplateLimitsTest: hostile and broken templates end soon, in a refusal.
package dev.gatun.text;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTimeoutPreemptively;

import com.fasterxml.jackson.databind.ObjectMapper;
import dev.gatun.chat.Message;
import dev.gatun.refusal.Refusal;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ChatTemplateLimitsTest {
  private static final Duration SOON = Duration.ofMinutes(5);

  @ParameterizedTest
  @ValueSource(
      strings = {
        "{% for a in range(100000) %}{% for b in range(100000) %}{% endfor %}{% endfor %}",
        "{% for a in range(99999) %}{% for b in range(99999) %}x{% endfor %}{% endfor %}",
        "{{ 'a' * 10**9 }}",
        "{{ 'a' * 10**18 }}",
        "{{ [1] * 10**9 }}",
        "{{ 9**9**9**9**9**9 }}",
        "{{ 2 ** 100000 }}",
        "{% set n = namespace(x=10**4000) %}{% for i in range(99) %}{% set n.x = n.x * n.x %}{%"
            + " endfor %}",
        "{% set n = namespace(x='ab') %}{% for i in range(99) %}{% set n.x = n.x ~ n.x %}{% endfor"
            + " %}",
        "{% set n = namespace(x=[1]) %}{% for i in range(99) %}{% set n.x = n.x + n.x %}{% endfor"
            + " %}",
        "{% set n = namespace(x=[1]) %}{% for i in range(99) %}{% set n.x = [n.x, n.x] %}{% endfor"
            + " %}{{ n.x }}",
        "{% set n = namespace(x=[1], y=[1]) %}{% for i in range(99) %}{% set n.x = [n.x, n.x] %}"
            + "{% set n.y = [n.y, n.y] %}{% endfor %}{{ n.x == n.y }}",
        "{% set n = namespace(x=[1]) %}{% for i in range(9999) %}{% set n.x = [n.x] %}{% endfor"
            + " %}{{ n.x }}",
        "{% set n = namespace(x=[1]) %}{% for i in range(9999) %}{% set n.x = [n.x] %}{% endfor"
            + " %}{{ n.x|tojson }}",
        "{% set n = namespace() %}{% set n.x = n %}{{ n }}",
        "{% macro m() %}{{ m() }}{% endmacro %}{{ m() }}",
        "{% macro m(n) %}{{ m(n + 1) }}{{ m(n + 1) }}{% endmacro %}{{ m(0) }}",
        "{% macro m(n) %}{% if n %}{{ m(n - 1) }}{{ m(n - 1) }}{% endif %}{% endmacro %}{{ m(60)"
            + " }}",
        "{% macro m() %}{% call m() %}{{ caller() }}{% endcall %}{% endmacro %}{{ m() }}",
        "{% for x in [[1]] recursive %}{{ loop([[1]]) }}{% endfor %}",
        "{{ ('a' * 10**6).replace('a', 'b' * 10**6) }}",
        "{{ ('a' * 10**6).replace('', 'b' * 10**6) }}",
        "{{ (('a' * 10**7) ~ 'b') in ('a' * 10**8) }}",
        "{{ ('a,' * 5 * 10**7).split(',') | length }}",
        "{{ ('a ' * 5 * 10**7).split() | length }}",
        "{{ '%999999999d' % 1 }}",
        "{{ '%.999999999f' % 1 }}",
        "{{ '{:999999999}'.format(1) }}",
        "{{ 'a'.center(10**12) }}",
        "{{ 'a'.ljust(10**12) }}",
        "{{ '\\t'.expandtabs(10**12) }}",
        "{{ 'a\\nb' | indent(10**12) }}",
        "{{ [1] | tojson(indent=10**12) }}",
        "{{ [1] | batch(10**12, 0) | list }}",
        "{{ [1] | slice(10**12) | list }}",
        "{% for i in range(99999) %}{% for j in 'x' * 1000 %}{{ j }}{% endfor %}{% endfor %}",
        "{% set s = 'a' * 10**7 %}{% for i in range(99999) %}{{ s | length }}{{ s.upper() | first"
            + " }}{% endfor %}",
        "{% set l = range(99999) | list %}{% for i in l %}{{ l | sort | first }}{% endfor %}",
        "{% set l = range(99999) | list %}{% for i in l %}{{ i in l }}{% endfor %}",
        "{% set d = dict() %}{% for i in range(99999) %}{% set q = range(99999) | list %}{% endfor"
            + " %}",
      })
  void explosionsAreStopped(String source) {
    assertTimeoutPreemptively(
        SOON, () -> assertThrows(Refusal.class, () -> ChatTemplate.of(source).render(Map.of())));
  }

  @Test
  void deepSourcesAreRefused() {
    int n = 10_000;
    for (String source :
        List.of(
            "{{ " + "(".repeat(n) + "1" + ")".repeat(n) + " }}",
            "{{ " + "[".repeat(n) + "]".repeat(n) + " }}",
            "{{ " + "-".repeat(n) + "1 }}",
            "{{ " + "not ".repeat(n) + "1 }}",
            "{{ 1" + " + 1".repeat(n) + " }}",
            "{{ 1" + " if 1 else 1".repeat(n) + " }}",
            "{{ a" + ".a".repeat(n) + " }}",
            "{{ 'a'" + "|trim".repeat(n) + " }}",
            "{{ 1" + " or 0".repeat(n) + " }}",
            "{% if 1 %}".repeat(n) + "{% endif %}".repeat(n),
            "{% for a in [1] %}".repeat(n) + "{% endfor %}".repeat(n),
            "{% macro a() %}".repeat(n) + "{% endmacro %}".repeat(n),
            "{% set " + "(".repeat(n) + "a" + ")".repeat(n) + " = 1 %}")) {
      assertTimeoutPreemptively(
          SOON, () -> assertThrows(Refusal.class, () -> ChatTemplate.of(source).render(Map.of())));
    }
  }

  @Test
  void aSmallStackIsNoCrash() throws InterruptedException {
    String source = "{% macro m(n) %}{% if n %}{{ m(n - 1) }}{% endif %}{% endmacro %}{{ m(190) }}";
    Throwable[] thrown = new Throwable[1];
    Thread thread =
        new Thread(
            null,
            () -> {
              try {
                ChatTemplate.of(source).render(Map.of());
              } catch (Refusal refused) {
                // Either outcome will do: the JVM may round the stack up.
              } catch (Throwable other) {
                thrown[0] = other;
              }
            },
            "small stack",
            200_000);
    thread.start();
    thread.join();
    assertEquals(null, thrown[0]);
  }

  @Test
  void aLongConversationIsWithinTheBudget() {
    ChatTemplate template = ChatTemplate.of(resource("/chat-templates/qwen3.jinja"));
    List<Message> messages =
        java.util.stream.IntStream.range(0, 2_000)
            .mapToObj(i -> new Message(i % 2 == 0 ? "user" : "assistant", "word ".repeat(400)))
            .toList();
    String prompt = template.render(messages, true, Map.of());
    assertEquals(2_001, prompt.split("<\\|im_start\\|>", -1).length - 1);
  }

  @Test
  void mutatedTemplatesOnlyRefuse() throws Exception {
    Random random = new Random(42);
    List<String> sources =
        List.of("qwq-32b", "qwen3", "deepseek-v3.1", "r1-distill-qwen-32b").stream()
            .map(name -> resource("/chat-templates/" + name + ".jinja"))
            .toList();
    var cases = resource("/chat-templates/cases.jsonl").lines().toList();
    var json = new ObjectMapper();
    int refused = 0;
    int rounds = 4_000;
    for (int i = 0; i < rounds; i++) {
      String source = mutated(sources.get(random.nextInt(sources.size())), random);
      var context = json.readTree(cases.get(random.nextInt(cases.size()))).get("context");
      try {
        ChatTemplate.of(source).render(ChatTemplate.variables(context));
      } catch (Refusal expected) {
        refused++;
      }
    }
    // Any other exception has failed the test; most mutants break something, and some nothing.
    assertEquals(true, refused > rounds / 4 && refused < rounds, "refused " + refused);
  }

  private static String mutated(String source, Random random) {
    String[] pieces = {
      "{%",
      "%}",
      "{{",
      "}}",
      "{#",
      "-",
      "+",
      "(",
      ")",
      "[",
      "]",
      "'",
      "\"",
      "|",
      ".",
      ",",
      ":",
      "~",
      "\\",
      " if ",
      " else ",
      " not ",
      " is ",
      " in ",
      "{% endif %}",
      "{% endfor %}",
      "{% break %}",
      "|tojson",
      "messages",
      "[::-1]",
      "*",
      "**",
      "9",
      "\0",
      "\u00e9",
      "{% raw %}",
      "loop",
      "()"
    };
    StringBuilder text = new StringBuilder(source);
    for (int edits = 1 + random.nextInt(3); edits > 0; edits--) {
      int at = random.nextInt(text.length());
      int end = Math.min(text.length(), at + 1 + random.nextInt(6));
      switch (random.nextInt(4)) {
        case 0 -> text.delete(at, end);
        case 1 -> text.insert(at, pieces[random.nextInt(pieces.length)]);
        case 2 -> text.setCharAt(at, (char) random.nextInt(128));
        default -> {
          int from = random.nextInt(text.length());
          text.insert(at, text.substring(from, Math.min(text.length(), from + random.nextInt(40))));
        }
      }
    }
    return text.toString();
  }

  private static String resource(String name) {
    try (InputStream in = ChatTemplateLimitsTest.class.getResourceAsStream(name)) {
      return new String(in.readAllBytes(), StandardCharsets.UTF_8);
    } catch (java.io.IOException missing) {
      throw new AssertionError(name, missing);
    }
  }
}
