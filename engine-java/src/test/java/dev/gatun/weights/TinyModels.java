// TinyModels: the smallest models of every family, as files for tests.
package dev.gatun.weights;

import dev.gatun.device.DType;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/**
 * Two layers (a mixture: one), hidden 64, 2 query heads and 1 key-value head of 32, MLP 96, 8
 * tokens; 4 experts of 32.
 */
public final class TinyModels {
  private TinyModels() {}

  /** llama, qwen2, qwen3 or qwen3moe; F32 norms, Q8_0 matrices. */
  public static GgufWriter gguf(String arch) {
    boolean moe = arch.equals("qwen3moe");
    GgufWriter gguf = header(arch, moe ? 1 : 2);
    gguf.tensor("token_embd.weight", DType.Q8_0, 8, 64).tensor("output_norm.weight", DType.F32, 64);
    for (int layer = 0; layer < (moe ? 1 : 2); layer++) {
      attention(gguf, "blk." + layer + ".", arch);
      if (moe) {
        experts(gguf, "blk." + layer + ".ffn_");
      } else {
        gguf.tensor("blk." + layer + ".ffn_gate.weight", DType.Q8_0, 96, 64)
            .tensor("blk." + layer + ".ffn_up.weight", DType.Q8_0, 96, 64)
            .tensor("blk." + layer + ".ffn_down.weight", DType.Q8_0, 64, 96);
      }
    }
    return gguf;
  }

  /** The key-values alone. */
  public static GgufWriter header(String arch, int layers) {
    GgufWriter gguf =
        new GgufWriter()
            .put("general.architecture", arch)
            .put(arch + ".block_count", layers)
            .put(arch + ".context_length", 128)
            .put(arch + ".embedding_length", 64)
            .put(arch + ".feed_forward_length", 96)
            .put(arch + ".attention.head_count", 2)
            .put(arch + ".attention.head_count_kv", 1)
            .put(arch + ".attention.layer_norm_rms_epsilon", 1e-6f)
            .put(arch + ".rope.freq_base", 10_000f)
            .put("tokenizer.ggml.model", "gpt2")
            .put("tokenizer.ggml.tokens", List.of("a", "b", "c", "d", "e", "f", "ä", "<end>"))
            .put("tokenizer.ggml.token_type", new int[] {1, 1, 1, 1, 1, 1, 1, 3})
            .put("tokenizer.ggml.merges", List.of("a b"))
            .put("tokenizer.ggml.eos_token_id", 7);
    if (arch.equals("qwen3moe")) {
      gguf.put(arch + ".expert_count", 4)
          .put(arch + ".expert_used_count", 2)
          .put(arch + ".expert_feed_forward_length", 32);
    }
    return gguf;
  }

  private static void attention(GgufWriter gguf, String block, String arch) {
    gguf.tensor(block + "attn_norm.weight", DType.F32, 64)
        .tensor(block + "attn_q.weight", DType.Q8_0, 64, 64)
        .tensor(block + "attn_k.weight", DType.Q8_0, 32, 64)
        .tensor(block + "attn_v.weight", DType.Q8_0, 32, 64)
        .tensor(block + "attn_output.weight", DType.Q8_0, 64, 64)
        .tensor(block + "ffn_norm.weight", DType.F32, 64);
    if (arch.equals("qwen2")) {
      gguf.tensor(block + "attn_q.bias", DType.F32, 64)
          .tensor(block + "attn_k.bias", DType.F32, 32)
          .tensor(block + "attn_v.bias", DType.F32, 32);
    } else if (arch.startsWith("qwen3")) {
      gguf.tensor(block + "attn_q_norm.weight", DType.F32, 32)
          .tensor(block + "attn_k_norm.weight", DType.F32, 32);
    }
  }

  private static void experts(GgufWriter gguf, String ffn) {
    gguf.tensor(ffn + "gate_inp.weight", DType.F32, 4, 64)
        .tensor(ffn + "gate_exps.weight", DType.Q8_0, 4, 32, 64)
        .tensor(ffn + "up_exps.weight", DType.Q8_0, 4, 32, 64)
        .tensor(ffn + "down_exps.weight", DType.Q8_0, 4, 64, 32);
  }

  /** A config.json of these sizes; {@code more} is added as it stands, {@code , "key": value}. */
  public static String config(String type, String more) {
    return """
    {"model_type": "%s", "hidden_act": "silu", "num_hidden_layers": 2, "hidden_size": 64, "num_attention_heads": 2,
     "num_key_value_heads": 1, "head_dim": 32, "intermediate_size": 96, "vocab_size": 8, "rms_norm_eps": 1e-06,
     "max_position_embeddings": 128, "eos_token_id": 7%s}
    """
        .formatted(type, more);
  }

  /** A folder of a config and one file of tensors. */
  public static Path folder(Path folder, String config, SafetensorsWriter tensors)
      throws IOException {
    Files.createDirectories(folder);
    Files.writeString(folder.resolve("config.json"), config);
    tensors.write(folder.resolve("model.safetensors"));
    return folder;
  }

  /** The tensors of one AWQ linear of (out, in), groups of 32. */
  public static SafetensorsWriter awq(SafetensorsWriter file, String linear, int out, int in) {
    return file.tensor(linear + ".qweight", "I32", in, out / 8)
        .tensor(linear + ".qzeros", "I32", in / 32, out / 8)
        .tensor(linear + ".scales", "F16", in / 32, out);
  }

  /**
   * The tensors of one GPTQ linear of (out, in), groups of 32; {@code order[k]} is the group of k.
   */
  public static SafetensorsWriter gptq(
      SafetensorsWriter file, String linear, int out, int in, int... order) {
    byte[] index = GgufWriter.bytes(4 * order.length, b -> b.asIntBuffer().put(order));
    return file.tensor(linear + ".qweight", "I32", in / 8, out)
        .tensor(linear + ".qzeros", "I32", in / 32, out / 8)
        .tensor(linear + ".scales", "F16", in / 32, out)
        .tensor(linear + ".g_idx", "I32", index, order.length);
  }
}
