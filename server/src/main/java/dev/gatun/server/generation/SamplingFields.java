// SamplingFields: a request's fields that say how an answer is drawn.
package dev.gatun.server.generation;

import dev.gatun.refusal.Refusal;
import dev.gatun.sample.SamplingOptions;
import dev.gatun.server.ApiError;
import dev.gatun.server.Fields;
import java.util.OptionalDouble;
import java.util.OptionalInt;
import java.util.function.BiFunction;
import java.util.function.UnaryOperator;

/** Each interface has its own names. For one thread. */
public final class SamplingFields {
  private final Fields fields;
  private UnaryOperator<SamplingOptions> all = UnaryOperator.identity();

  public SamplingFields(Fields fields) {
    this.fields = fields;
  }

  /** A field that is a number, or left out. */
  public void number(String name, BiFunction<SamplingOptions, Double, SamplingOptions> change) {
    OptionalDouble value = fields.number(name);
    if (value.isPresent()) {
      change(name, options -> change.apply(options, value.getAsDouble()));
    }
  }

  /** A field that is an integer, or left out; -1 mostly stands for none. */
  public void integer(String name, BiFunction<SamplingOptions, Integer, SamplingOptions> change) {
    OptionalInt value = fields.integer(name, -1, Integer.MAX_VALUE);
    if (value.isPresent()) {
      change(name, options -> change.apply(options, value.getAsInt()));
    }
  }

  /**
   * @param name of the field that asks for the change
   */
  public void change(String name, UnaryOperator<SamplingOptions> change) {
    try {
      change.apply(SamplingOptions.defaults());
    } catch (Refusal refusal) {
      throw ApiError.invalid(fields.path(name), refusal.getMessage());
    }
    UnaryOperator<SamplingOptions> before = all;
    all = options -> change.apply(before.apply(options));
  }

  /**
   * All changes.
   *
   * @param defaults the model's own settings, with which they are tried
   * @throws Refusal for what is out of range
   */
  public UnaryOperator<SamplingOptions> checked(SamplingOptions defaults) {
    all.apply(defaults);
    return all;
  }
}
