// LinearParts: the tensors that quantised linears are stored as, and the checks of each.
package dev.gatun.weights;

import dev.gatun.device.DType;
import dev.gatun.refusal.Refusal;
import java.util.Arrays;
import java.util.List;
import java.util.Map;

/**
 * @param tensors of the checkpoint, by name
 * @param tools that write such files, for messages
 */
record LinearParts(Map<String, Weight> tensors, String tools) {

  /** Refusal.model where it is missing, or of another type than these. */
  Weight part(String name, DType... types) {
    Weight part = tensors.get(name);
    if (part == null) {
      throw Refusal.model(
          "tensor " + Fields.shown(name) + " of a quantised linear is missing",
          "download the model again, all its files");
    }
    if (!List.of(types).contains(part.dtype())) {
      throw Refusal.model(
          "tensor "
              + Fields.shown(name)
              + " is "
              + part.dtype()
              + ", expected "
              + Arrays.toString(types),
          "choose a model quantised with " + tools);
    }
    return part;
  }

  /** Refusal.model where it has another shape. */
  static void expect(Weight tensor, long... shape) {
    if (!Arrays.equals(tensor.shape(), shape)) {
      throw Refusal.model(
          "tensor "
              + Fields.shown(tensor.name())
              + " has the shape "
              + Shapes.shown(tensor.shape())
              + ", expected "
              + Shapes.shown(shape),
          "download the model again; if it stays so, its bits or group_size are not what the"
              + " configuration says");
    }
  }
}
