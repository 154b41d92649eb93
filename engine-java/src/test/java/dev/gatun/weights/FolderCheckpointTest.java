// FolderCheckpointTest: whole Hugging Face folders.
package dev.gatun.weights;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class FolderCheckpointTest {
  private static final String MOE =
      ", \"num_experts\": 3, \"num_experts_per_tok\": 2, \"moe_intermediate_size\": 32";

  @TempDir Path temp;

  private Path folder(String type, String more, SafetensorsWriter tensors) throws IOException {
    return TinyModels.folder(temp.resolve("tiny"), TinyModels.config(type, more), tensors);
  }

  private void write(String name, String text) throws IOException {
    Files.writeString(temp.resolve("tiny").resolve(name), text);
  }

  private Checkpoint open() {
    return Checkpoint.open(temp.resolve("tiny"));
  }

  @Test
  void opensOneFile() throws IOException {
    folder(
        "llama",
        "",
        new SafetensorsWriter()
            .tensor("model.norm.weight", "BF16", 64)
            .tensor("model.embed_tokens.weight", "F16", 8, 64));
    try (Checkpoint model = open()) {
      assertEquals("tiny", model.name());
      assertEquals("safetensors", model.format());
      assertEquals("llama", model.metadata().get("model_type"));
      assertEquals(new TokenizerSource.Folder(temp.resolve("tiny")), model.tokenizer());
      assertEquals(Files.size(temp.resolve("tiny/model.safetensors")), model.fileBytes());
      assertEquals(List.of(7), model.generation().stopIds());
      assertEquals(Optional.empty(), model.chatTemplate());
      assertArrayEquals(
          GgufWriter.counting(1024), model.weight("model.embed_tokens.weight").range().toArray());
      Refusals.expect(() -> model.weight("lm_head.weight"), "lm_head.weight");
    }
  }

  @Test
  void opensShardsAndRefusesBrokenOnes() throws IOException {
    Path folder = folder("llama", "", new SafetensorsWriter());
    Files.delete(folder.resolve("model.safetensors"));
    Refusals.expect(this::open, "model.safetensors.index.json");
    new SafetensorsWriter()
        .tensor("x", "F32", 2)
        .write(folder.resolve("a-00001-of-00002.safetensors"));
    Refusals.expect(this::open, "a-00001-of-00002.safetensors");
    write(
        "model.safetensors.index.json",
        "{\"metadata\": {}, \"weight_map\": {\"x\": \"a-00001-of-00002.safetensors\", \"y\":"
            + " \"a-00002-of-00002.safetensors\"}}");
    Refusals.expect(this::open, "a-00002-of-00002.safetensors", "missing");
    new SafetensorsWriter()
        .tensor("z", "F32", 2)
        .write(folder.resolve("a-00002-of-00002.safetensors"));
    Refusals.expect(this::open, "'y'", "a-00002-of-00002.safetensors", "lacks");
    new SafetensorsWriter()
        .tensor("y", "F32", 3)
        .write(folder.resolve("a-00002-of-00002.safetensors"));
    try (Checkpoint model = open()) {
      assertEquals(2, model.weights().size());
      assertArrayEquals(new long[] {3}, model.weight("y").shape());
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "../secret.safetensors",
        "/etc/x.safetensors",
        "..",
        "",
        "a\\u0000.safetensors",
        "a/b.safetensors",
        "model.bin"
      })
  void refusesShardsElsewhere(String name) throws IOException {
    Files.delete(folder("llama", "", new SafetensorsWriter()).resolve("model.safetensors"));
    write("model.safetensors.index.json", "{\"weight_map\": {\"x\": \"%s\"}}".formatted(name));
    Refusals.expect(this::open, "weight_map");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "{}",
        "{\"weight_map\": []}",
        "{\"weight_map\": {\"x\": 1}}",
        "{\"weight_map\": {\"x\": null}}",
        "["
      })
  void refusesBadIndexes(String index) throws IOException {
    Files.delete(folder("llama", "", new SafetensorsWriter()).resolve("model.safetensors"));
    write("model.safetensors.index.json", index);
    Refusals.expect(this::open, "model.safetensors.index.json");
  }

  @Test
  void pointsToWhatTheFolderHasInstead() throws IOException {
    Refusals.expect(() -> Checkpoint.open(temp), "config.json");
    Path folder = folder("llama", "", new SafetensorsWriter());
    Files.move(folder.resolve("model.safetensors"), folder.resolve("pytorch_model.bin"));
    Refusals.expect(this::open, "pytorch_model.bin");
    Files.createFile(folder.resolve("m.gguf"));
    Refusals.expect(this::open, "m.gguf", "given itself");
  }

  @Test
  void readsGenerationDefaults() throws IOException {
    folder("llama", "", new SafetensorsWriter());
    write(
        "generation_config.json",
        "{\"do_sample\": true, \"temperature\": 0.6, \"top_k\": 40, \"top_p\": 0.95, \"min_p\": 0,"
            + " \"repetition_penalty\": 1.05, \"eos_token_id\": [5, 6, 5]}");
    try (Checkpoint model = open()) {
      assertEquals(
          new GenerationDefaults(
              Optional.of(true),
              Optional.of(0.6),
              Optional.of(40),
              Optional.of(0.95),
              Optional.of(0.0),
              Optional.of(1.05),
              List.of(5, 6)),
          model.generation());
    }
    for (String bad :
        List.of(
            "\"top_p\": 1.5",
            "\"temperature\": -1",
            "\"top_k\": 1.5",
            "\"repetition_penalty\": 0",
            "\"eos_token_id\": [-1]",
            "\"do_sample\": 1")) {
      write("generation_config.json", "{" + bad + "}");
      Refusals.expect(this::open, bad.substring(1, bad.indexOf('"', 1)), "generation_config.json");
    }
  }

  @Test
  void findsTheChatTemplate() throws IOException {
    folder("llama", "", new SafetensorsWriter());
    write("tokenizer_config.json", "{\"chat_template\": \"one\"}");
    assertEquals(Optional.of("one"), template());
    write(
        "tokenizer_config.json",
        "{\"chat_template\": [{\"name\": \"rag\", \"template\": \"r\"}, {\"name\": \"default\","
            + " \"template\": \"d\"}]}");
    assertEquals(Optional.of("d"), template());
    write("chat_template.jinja", "file ä");
    assertEquals(Optional.of("file ä"), template());
  }

  private Optional<String> template() {
    try (Checkpoint model = open()) {
      return model.chatTemplate();
    }
  }

  private static SafetensorsWriter experts(int... numbers) {
    SafetensorsWriter tensors =
        new SafetensorsWriter().tensor("model.layers.0.mlp.gate.weight", "BF16", 3, 64);
    for (int expert : numbers) {
      byte[] content = new byte[32 * 64 * 2];
      content[0] = (byte) expert;
      tensors.tensor(
          "model.layers.0.mlp.experts." + expert + ".up_proj.weight", "BF16", content, 32, 64);
    }
    return tensors;
  }

  @Test
  void stacksExperts() throws IOException {
    SafetensorsWriter tensors = experts(2, 0, 1);
    folder("qwen3_moe", MOE, tensors);
    try (Checkpoint model = open()) {
      Weight up = model.weight("model.layers.0.mlp.experts.up_proj.weight");
      assertArrayEquals(new long[] {3, 32, 64}, up.shape());
      assertEquals(List.of(0, 1, 2), up.data().stream().map(d -> (int) d.toArray()[0]).toList());
      assertEquals(2, model.weights().size());
      assertEquals(3 * 32 * 64 * 2, up.bytes());
    }
    folder("qwen3_moe", MOE.replace("3", "4"), tensors);
    Refusals.expect(this::open, "has 3 experts", "0 to 3", "number 3 is missing");
    folder("qwen3_moe", MOE.replace("3", "4"), experts(0, 1, 3));
    Refusals.expect(this::open, "has 3 experts", "0 to 3", "number 2 is missing");
    folder("qwen3_moe", MOE, experts(1, 2, 3));
    Refusals.expect(this::open, "has 3 experts", "0 to 2", "number 0 is missing");
    folder("llama", "", tensors);
    Refusals.expect(this::open, "has 3 experts");
    folder(
        "qwen3_moe",
        MOE.replace("3", "4"),
        tensors.tensor("model.layers.0.mlp.experts.3.up_proj.weight", "BF16", 64, 32));
    Refusals.expect(this::open, "experts.3.up_proj", "(64, 32)");
  }
}
