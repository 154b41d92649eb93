// QuantMix: which number format each tensor has in a file of a given quantisation.
package dev.gatun.weights;

import dev.gatun.device.DType;
import dev.gatun.refusal.Refusal;
import java.util.Arrays;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/**
 * The kinds of file that llama-quantize writes, without an importance matrix where not said
 * otherwise (source of the rules: llama.cpp, src/llama-quant.cpp, llama_tensor_get_type), and the
 * layouts of Hugging Face folders: int4 in groups of {@link #GROUP}, and FP8 as DeepSeek has it.
 * Names are llama.cpp's. From most bytes to fewest.
 */
public enum QuantMix {
  BF16(DType.BF16),
  F16(DType.F16),
  Q8_0(DType.Q8_0),
  FP8(DType.F8),
  Q6_K(DType.Q6_K),
  Q5_K_M(DType.Q5_K),
  Q5_K_S(DType.Q5_K),
  Q5_0(DType.Q5_0),
  Q4_1(DType.Q4_1),
  Q4_K_M(DType.Q4_K),
  AWQ(DType.AWQ),
  GPTQ(DType.GPTQ),
  /** Experts as in AWQ, the rest as in FP8. */
  AWQ_FP8(DType.AWQ),
  Q4_K_S(DType.Q4_K),
  Q4_0(DType.Q4_0),
  IQ4_NL(DType.IQ4_NL),
  IQ4_XS(DType.IQ4_XS),
  /** As most published files are: an importance matrix lets more tensors do with fewer bits. */
  IQ4_XS_IMATRIX(DType.IQ4_XS),
  Q3_K_L(DType.Q3_K),
  Q3_K_M(DType.Q3_K),
  Q3_K_S(DType.Q3_K),
  Q2_K(DType.Q2_K);

  /** Columns that share a scale and a zero in AWQ and GPTQ, as Qwen's own files have it. */
  public static final int GROUP = 128;

  private static final Pattern LAYER = Pattern.compile("model\\.layers\\.(\\d+)\\..*");
  private static final int WIDE_BLOCK = 256;

  private final DType base;

  QuantMix(DType base) {
    this.base = base;
  }

  /** The kind called {@code name}, in any case; a refusal with the list where there is none. */
  public static QuantMix of(String name) {
    return Arrays.stream(values())
        .filter(mix -> mix.name().equalsIgnoreCase(name))
        .findFirst()
        .orElseThrow(
            () -> Refusal.usage("'" + name + "' is no type of weights", "give one of " + names()));
  }

  /** All names, in lower case, between commas. */
  static String names() {
    return Arrays.stream(values()).map(QuantMix::toString).collect(Collectors.joining(", "));
  }

  /** True for the layouts of Hugging Face folders. */
  public boolean isOfFolders() {
    return isGrouped() || base == DType.F8;
  }

  private boolean isGrouped() {
    return base == DType.AWQ || base == DType.GPTQ;
  }

  /** The format of a tensor. */
  public DType type(TensorShape tensor, ModelConfig config) {
    boolean router = tensor.name().endsWith(".mlp.gate.weight");
    boolean outside = !tensor.name().startsWith("model.layers.");
    // Of MTP, unquantised in folders: a plain Linear in vLLM's deepseek_mtp.py.
    boolean mtp = tensor.name().endsWith(".eh_proj.weight");
    boolean kept = tensor.isVector() || outside || router || mtp;
    boolean expert = tensor.name().contains(".mlp.experts.");
    if (this == AWQ_FP8 && expert) {
      return base;
    }
    if (base == DType.F8 || this == AWQ_FP8) {
      boolean bias = tensor.name().endsWith(".e_score_correction_bias");
      return bias ? DType.F32 : kept ? DType.BF16 : DType.F8;
    }
    if (isGrouped()) {
      return kept ? DType.F16 : base;
    }
    if (tensor.isVector() || router) {
      return DType.F32;
    }
    long cols = tensor.shape()[tensor.shape().length - 1];
    return holding(outside ? outside(tensor, config) : inside(tensor, config), cols);
  }

  /** Bytes of a tensor in such a file, zeros and scales included. */
  public long bytes(TensorShape tensor, ModelConfig config) {
    DType type = type(tensor, config);
    long count = tensor.count();
    if (type == DType.F8) {
      return count + Float.BYTES * tensor.squares(SquareWeights.SIDE);
    }
    // Codes of half a byte, and for each group a float16 scale and half a byte of zero.
    return type == base && isGrouped() ? count / 2 + count / GROUP * 5 / 2 : type.bytes(count);
  }

  /** Bytes of all tensors. */
  public long bytes(ModelConfig config) {
    return TensorShape.of(config).stream().mapToLong(tensor -> bytes(tensor, config)).sum();
  }

  /** Bits of a weight, on average over all tensors. */
  public double bits(ModelConfig config) {
    long count = TensorShape.of(config).stream().mapToLong(TensorShape::count).sum();
    return 8.0 * bytes(config) / count;
  }

  @Override
  public String toString() {
    return name().toLowerCase(Locale.ROOT);
  }

  // A tied embedding is the output projection, and is kept as precisely.
  private DType outside(TensorShape tensor, ModelConfig config) {
    boolean output = tensor.name().startsWith("lm_head") || config.tiedEmbeddings();
    boolean precise = base == DType.Q8_0 || !base.isQuantized();
    return output && !precise ? DType.Q6_K : base;
  }

  private DType inside(TensorShape tensor, ModelConfig config) {
    String name = tensor.name();
    int layer = layer(name);
    if (name.endsWith("v_proj.weight")) {
      return values(layer, config);
    }
    if (name.endsWith("down_proj.weight")) {
      return down(layer, config.layers());
    }
    if (name.endsWith("o_proj.weight")) {
      return switch (this) {
        case Q2_K -> DType.Q3_K;
        case Q3_K_M -> DType.Q4_K;
        case Q3_K_L -> DType.Q5_K;
        default -> base;
      };
    }
    return base;
  }

  private DType values(int layer, ModelConfig config) {
    boolean shared =
        config.layer(layer).attention() instanceof AttentionConfig.Grouped grouped
            && grouped.heads() / grouped.kvHeads() >= 4;
    return switch (this) {
      case Q2_K -> shared ? DType.Q4_K : DType.Q3_K;
      case Q3_K_M -> layer < 2 ? DType.Q5_K : DType.Q4_K;
      case Q3_K_L -> DType.Q5_K;
      case IQ4_NL, IQ4_XS, IQ4_XS_IMATRIX -> shared ? DType.Q5_K : base;
      case Q4_K_M, Q5_K_M -> moreBits(layer, config.layers()) ? DType.Q6_K : base;
      case Q4_K_S -> layer < 4 ? DType.Q5_K : base;
      default -> base;
    };
  }

  private DType down(int layer, int layers) {
    boolean first = layer < layers / 8;
    return switch (this) {
      case Q2_K -> DType.Q3_K;
      case Q3_K_M -> layer < layers / 16 ? DType.Q5_K : DType.Q4_K;
      case Q3_K_L -> DType.Q5_K;
      case Q4_K_M, Q5_K_M -> moreBits(layer, layers) ? DType.Q6_K : base;
      case IQ4_NL, IQ4_XS, Q4_K_S -> first ? DType.Q5_K : base;
      default -> base;
    };
  }

  private static boolean moreBits(int layer, int layers) {
    int eighth = layers / 8;
    return layer < eighth || layer >= 7 * layers / 8 || (layer - eighth) % 3 == 2;
  }

  /** {@code type}, or what takes its place where rows are not whole blocks of 256. */
  private static DType holding(DType type, long cols) {
    if (type.blockSize() != WIDE_BLOCK || cols % WIDE_BLOCK == 0) {
      return type;
    }
    return switch (type) {
      case Q4_K -> DType.Q5_0;
      case Q5_K -> DType.Q5_1;
      case Q6_K -> DType.Q8_0;
      default -> DType.IQ4_NL;
    };
  }

  private static int layer(String name) {
    Matcher matcher = LAYER.matcher(name);
    return matcher.matches() ? Integer.parseInt(matcher.group(1)) : 0;
  }
}
