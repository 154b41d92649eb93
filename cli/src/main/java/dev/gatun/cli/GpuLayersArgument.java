// GpuLayersArgument: llama.cpp's -ngl, which says here whether a model lies on the GPU.
package dev.gatun.cli;

import dev.gatun.refusal.Refusal;
import dev.gatun.weights.ModelConfig;
import java.util.Optional;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** A model lies on one device whole, so all of its layers mean the GPU, and none the CPU. */
final class GpuLayersArgument {
  @Spec(Spec.Target.MIXEE)
  CommandSpec command;

  @Option(
      names = {"-ngl", "--gpu-layers", "--n-gpu-layers"},
      paramLabel = "all|0",
      description =
          "As in llama.cpp: all, or as many as the model has, is --device cuda; 0 is --device cpu;"
              + " auto. A part of a model is not moved.")
  Optional<String> layers = Optional.empty();

  /** Makes {@code device} name what is asked for here; what is typed wins over the environment. */
  void decide(DeviceArgument device) {
    if (layers.isEmpty()) {
      return;
    }
    String asked = layers.get().strip();
    if (!asked.matches("-1|0|[1-9]\\d{0,8}|all|auto")) {
      throw Refusal.usage("-ngl " + asked, "give all, 0 or auto");
    }
    if (asked.equals("auto")) {
      return; // the device is as it would be without this
    }
    boolean gpu = !asked.equals("0");
    String meant = gpu ? "cuda" : "cpu";
    if (device.isAuto() || (isTyped("--n-gpu-layers") && !isTyped("--device"))) {
      device.name = Optional.of(meant);
    } else if (isTyped("--n-gpu-layers") && device.name.orElseThrow().equals("cpu") == gpu) {
      throw Refusal.usage(
          "-ngl " + asked + " and --device " + device.name.get() + " name different devices",
          "keep one of them");
    }
  }

  /** Refuses a part of the model's layers. */
  void requireWhole(ModelConfig config) {
    layers
        .map(String::strip)
        .filter(asked -> layers(asked) > 0 && layers(asked) < config.layers())
        .ifPresent(
            asked -> {
              throw Refusal.usage(
                  "-ngl " + asked + " of " + config.layers() + " layers, a model is never cut",
                  "give -ngl all, or 0 for the CPU; gatun plan says what fits");
            });
  }

  private boolean isTyped(String option) {
    return command.commandLine().getParseResult().hasMatchedOption(option);
  }

  private static int layers(String asked) {
    return asked.matches("\\d+") ? Integer.parseInt(asked) : 0;
  }
}
