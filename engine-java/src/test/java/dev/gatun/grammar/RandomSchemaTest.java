// RandomSchemaTest: whatever the model would say, a document of the schema comes out.
package dev.gatun.grammar;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.networknt.schema.Error;
import com.networknt.schema.InputFormat;
import com.networknt.schema.SchemaRegistry;
import com.networknt.schema.SpecificationVersion;
import dev.gatun.chat.OutputFormat.JsonSchema;
import dev.gatun.sample.Sampler;
import dev.gatun.sample.SamplingOptions;
import dev.gatun.sample.TokenMask;
import dev.gatun.text.Tokenizer;
import java.io.IOException;
import java.io.InputStream;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** With a small vocabulary, since a thousand documents are some ten thousand draws. */
class RandomSchemaTest {
  private static final int SCHEMAS = 1_000;
  private static final int MOST_TOKENS = 2_000;

  @TempDir Path folder;

  @Test
  void everyDocumentIsValid() throws IOException {
    Tokenizer tokenizer = small();
    Set<Integer> stopIds = Set.of(tokenizer.id("[EOS]").orElseThrow());
    Grammars grammars = new Grammars(tokenizer, stopIds);
    SchemaRegistry validators =
        SchemaRegistry.withDefaultDialect(SpecificationVersion.DRAFT_2020_12);
    RandomSchemas schemas = new RandomSchemas(20261130);
    MemorySegment logits = logits(tokenizer, stopIds);
    for (int i = 0; i < SCHEMAS; i++) {
      String schema = schemas.next().toString();
      String text = drawn(grammars.compile(new JsonSchema(schema)), tokenizer, logits, i);
      List<Error> errors =
          validators
              .getSchema(schema)
              .validate(
                  text,
                  InputFormat.JSON,
                  run -> run.executionConfig(config -> config.formatAssertionsEnabled(true)));
      assertEquals(List.of(), errors, schema + "\n" + text);
    }
  }

  private Tokenizer small() throws IOException {
    for (String file : List.of("tiktoken.model", "tokenizer_config.json")) {
      try (InputStream in = getClass().getResourceAsStream("/tokenizers/kimi/" + file)) {
        Files.copy(in, folder.resolve(file));
      }
    }
    return Tokenizer.fromFolder(folder);
  }

  /** Of a model that says anything, and likes to come to an end. */
  private static MemorySegment logits(Tokenizer tokenizer, Set<Integer> stopIds) {
    Random random = new Random(1);
    float[] logits = new float[tokenizer.vocabSize()];
    for (int id = 0; id < logits.length; id++) {
      logits[id] =
          switch (new String(tokenizer.bytes(id), StandardCharsets.UTF_8)) {
            case "}", "]" -> 8;
            case "\"", "n", ",", "x" -> 7;
            default -> stopIds.contains(id) ? 12 : 2 * (float) random.nextGaussian();
          };
    }
    return Arena.ofAuto().allocateFrom(ValueLayout.JAVA_FLOAT, logits);
  }

  private static String drawn(
      Grammar grammar, Tokenizer tokenizer, MemorySegment logits, int seed) {
    SamplingOptions options =
        SamplingOptions.defaults().withTopK(0).withTopP(1).withMinP(0).withSeed(seed);
    List<Integer> ids = new ArrayList<>();
    try (TokenMask mask = grammar.start()) {
      Sampler sampler = new Sampler(options, Optional.of(mask));
      while (!sampler.ends()) {
        assertTrue(
            ids.size() < MOST_TOKENS,
            () -> "no end of " + text(ids, tokenizer) + " by " + grammar.format());
        int id = sampler.sample(logits, tokenizer.vocabSize());
        sampler.advance(id);
        ids.add(id);
      }
    }
    return text(ids, tokenizer);
  }

  private static String text(List<Integer> ids, Tokenizer tokenizer) {
    return tokenizer.decode(ids.stream().mapToInt(Integer::intValue).toArray(), true);
  }
}
