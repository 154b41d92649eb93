// ShowIds: lets the host see the experts chosen, while the device goes on.
package dev.gatun.op;

import java.util.List;

/**
 * For a {@link PublishExperts} of the same ids, which has to know whose rows are whose.
 *
 * @param ids (tokens, k)
 */
public record ShowIds(Tensor ids) implements Op {
  @Override
  public List<Tensor> reads() {
    return List.of(ids);
  }

  @Override
  public List<Tensor> writes() {
    return List.of();
  }

  @Override
  public Runnable bind(Operands at) {
    return at.shown(ids)::show;
  }
}
