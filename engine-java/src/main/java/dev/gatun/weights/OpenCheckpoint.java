// OpenCheckpoint: the content of a checkpoint together with the files it lies in.
package dev.gatun.weights;

import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;

final class OpenCheckpoint implements Checkpoint {

  /** What every reader of a format delivers. */
  record Content(
      ModelConfig config,
      List<Weight> weights,
      TokenizerSource tokenizer,
      Optional<String> chatTemplate,
      GenerationDefaults generation,
      Map<String, Object> metadata,
      String name,
      long fileBytes,
      String format) {}

  private final Runnable close;
  private final Content content;
  private final Map<String, Weight> byName = new LinkedHashMap<>();

  private final Optional<SyntheticCheckpoint> synthetic;

  private OpenCheckpoint(Runnable close, Content content, Optional<SyntheticCheckpoint> synthetic) {
    this.close = close;
    this.content = content;
    this.synthetic = synthetic;
    content.weights().forEach(weight -> byName.put(weight.name(), weight));
  }

  /** Reads from files, which are closed again should that fail. */
  static Checkpoint open(Function<OpenFiles, Content> reader) {
    OpenFiles files = new OpenFiles();
    try {
      return new OpenCheckpoint(files::close, reader.apply(files), Optional.empty());
    } catch (RuntimeException | Error e) {
      files.close();
      throw e;
    }
  }

  /**
   * A model whose data are random.
   *
   * @param close gives their memory back; called once or more often
   */
  static Checkpoint synthetic(Content content, SyntheticCheckpoint synthetic, Runnable close) {
    return new OpenCheckpoint(close, content, Optional.of(synthetic));
  }

  @Override
  public ModelConfig config() {
    return content.config();
  }

  @Override
  public Optional<Weight> find(String name) {
    return Optional.ofNullable(byName.get(name));
  }

  @Override
  public Collection<Weight> weights() {
    return content.weights();
  }

  @Override
  public TokenizerSource tokenizer() {
    return content.tokenizer();
  }

  @Override
  public Optional<String> chatTemplate() {
    return content.chatTemplate();
  }

  @Override
  public GenerationDefaults generation() {
    return content.generation();
  }

  @Override
  public Map<String, Object> metadata() {
    return content.metadata();
  }

  @Override
  public String name() {
    return content.name();
  }

  @Override
  public long fileBytes() {
    return content.fileBytes();
  }

  @Override
  public long heldBytes() {
    return synthetic.map(model -> model.random().bytes()).orElse(0L);
  }

  @Override
  public void materialize() {
    synthetic.ifPresent(model -> model.random().fill());
  }

  @Override
  public String optionsFor(QuantMix mix) {
    return synthetic
        .map(model -> "--synthetic " + model.spec().text(mix))
        .orElseGet(() -> Checkpoint.super.optionsFor(mix));
  }

  @Override
  public String format() {
    return content.format();
  }

  @Override
  public void close() {
    close.run();
  }
}
