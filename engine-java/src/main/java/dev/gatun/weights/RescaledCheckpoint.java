// RescaledCheckpoint: a checkpoint whose positions are turned as its user asks.
package dev.gatun.weights;

import java.util.Collection;
import java.util.Map;
import java.util.Optional;

record RescaledCheckpoint(Checkpoint checkpoint, ModelConfig config) implements Checkpoint {
  @Override
  public Optional<Weight> find(String name) {
    return checkpoint.find(name);
  }

  @Override
  public Collection<Weight> weights() {
    return checkpoint.weights();
  }

  @Override
  public TokenizerSource tokenizer() {
    return checkpoint.tokenizer();
  }

  @Override
  public Optional<String> chatTemplate() {
    return checkpoint.chatTemplate();
  }

  @Override
  public GenerationDefaults generation() {
    return checkpoint.generation();
  }

  @Override
  public Map<String, Object> metadata() {
    return checkpoint.metadata();
  }

  @Override
  public String name() {
    return checkpoint.name();
  }

  @Override
  public long fileBytes() {
    return checkpoint.fileBytes();
  }

  @Override
  public long heldBytes() {
    return checkpoint.heldBytes();
  }

  @Override
  public void materialize() {
    checkpoint.materialize();
  }

  @Override
  public String optionsFor(QuantMix mix) {
    return checkpoint.optionsFor(mix);
  }

  @Override
  public String format() {
    return checkpoint.format();
  }

  @Override
  public void close() {
    checkpoint.close();
  }
}
