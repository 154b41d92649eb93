// ModelConfig: the numbers of a model's architecture, the same whatever format they were read from.
package dev.gatun.weights;

import dev.gatun.shard.ExpertShape;
import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/**
 * What all layers share, and each layer. Checked on opening: all counts positive, each layer's
 * numbers and RoPE agree.
 *
 * @param architecture Hugging Face's model_type: llama, qwen2, qwen3, qwen3_moe, deepseek_v3
 * @param hidden width of the residual stream
 * @param vocab rows of the embedding, which may be more than the tokenizer's tokens
 * @param rmsEps epsilon of every RMSNorm
 * @param tiedEmbeddings the output projection is the embedding
 * @param contextLength positions the model was made for, extended by YaRN where that is on
 * @param layerConfigs at least one, in order; heads are alike wherever keys and values are kept,
 *     since all caches have one shape
 * @param mtp whether the last of {@code layerConfigs} is the layer of multi-token prediction, which
 *     is behind the model's own
 */
public record ModelConfig(
    String architecture,
    int hidden,
    int vocab,
    double rmsEps,
    Rope rope,
    boolean tiedEmbeddings,
    int contextLength,
    List<LayerConfig> layerConfigs,
    boolean mtp) {

  public ModelConfig {
    layerConfigs = List.copyOf(layerConfigs);
    long shapes =
        caching(layerConfigs)
            .map(a -> List.of(a.heads(), a.kvHeads(), a.headDim(), a.latent()))
            .distinct()
            .count();
    if (shapes > 1) {
      throw new IllegalArgumentException(shapes + " shapes of caches, expected one");
    }
  }

  /** A model without a layer of multi-token prediction. */
  public ModelConfig(
      String architecture,
      int hidden,
      int vocab,
      double rmsEps,
      Rope rope,
      boolean tiedEmbeddings,
      int contextLength,
      List<LayerConfig> layerConfigs) {
    this(
        architecture,
        hidden,
        vocab,
        rmsEps,
        rope,
        tiedEmbeddings,
        contextLength,
        layerConfigs,
        false);
  }

  /** The model's own. */
  public int layers() {
    return layerConfigs.size() - (mtp ? 1 : 0);
  }

  /**
   * @param layer from 0; {@link #layers} is that of multi-token prediction
   */
  public LayerConfig layer(int layer) {
    return layerConfigs.get(layer);
  }

  /** Layers that keep keys and values, each in a cache of its own. */
  public int caches() {
    return (int) caching(layerConfigs).count();
  }

  /** Query heads of a layer. */
  public int heads() {
    return attention().heads();
  }

  /** Key and value heads of a cache. */
  public int kvHeads() {
    return attention().kvHeads();
  }

  /** Width of a cache's heads. */
  public int headDim() {
    return attention().headDim();
  }

  /** See {@link AttentionConfig#latent}. */
  public int latent() {
    return attention().latent();
  }

  private AttentionConfig attention() {
    return caching(layerConfigs).findFirst().orElseThrow();
  }

  /** The attentions that keep keys and values: all there are by now. */
  private static Stream<AttentionConfig> caching(List<LayerConfig> layers) {
    return layers.stream().map(LayerConfig::attention);
  }

  /** The experts of the first layer that has some. */
  public Optional<FeedForwardConfig.Routed> moe() {
    return layerConfigs.stream()
        .map(LayerConfig::feedForward)
        .filter(FeedForwardConfig.Routed.class::isInstance)
        .map(FeedForwardConfig.Routed.class::cast)
        .findFirst();
  }

  /** Empty where the model has no experts. */
  public Optional<ExpertShape> expertShape() {
    List<Integer> layers =
        IntStream.range(0, layers())
            .filter(i -> layer(i).feedForward() instanceof FeedForwardConfig.Routed)
            .boxed()
            .toList();
    return moe().map(moe -> new ExpertShape(architecture, moe.experts(), layers));
  }

  /** The same model with its first {@code count} layers only. */
  ModelConfig withLayers(int count) {
    return withLayers(layerConfigs.subList(0, count), false);
  }

  /** The same model, and behind it a layer of multi-token prediction. */
  ModelConfig withMtp(LayerConfig layer) {
    return withLayers(Stream.concat(layerConfigs.stream(), Stream.of(layer)).toList(), true);
  }

  private ModelConfig withLayers(List<LayerConfig> others, boolean withMtp) {
    return new ModelConfig(
        architecture, hidden, vocab, rmsEps, rope, tiedEmbeddings, contextLength, others, withMtp);
  }

  /** The same model with its positions turned otherwise, and therefore made for another length. */
  ModelConfig withRope(Rope other, int length) {
    return new ModelConfig(
        architecture, hidden, vocab, rmsEps, other, tiedEmbeddings, length, layerConfigs, mtp);
  }
}
