// DeviceArgument: which device a command runs on.
package dev.gatun.cli;

import dev.gatun.device.AutoDevice;
import dev.gatun.device.DeviceChoice;
import java.util.Optional;
import picocli.CommandLine.Option;

/** Mixed into every command that runs something. */
final class DeviceArgument {
  private static final String AUTO = "auto";

  @Option(
      names = {"-dev", "--device"},
      paramLabel = "NAME",
      description =
          "Where to run: auto, the default, is a GPU that can be used, else the CPU; cpu, cpu:0-3"
              + " or numa:0 on those processors alone, cuda or cuda:N (gatun devices).")
  Optional<String> name = Optional.empty();

  /** Whether the device is for this program to find. */
  boolean isAuto() {
    return name.orElse(AUTO).equals(AUTO);
  }

  /** The device by {@code base}'s other settings; what was found is told. */
  DeviceChoice choice(DeviceChoice base, Stdio stdio) {
    if (!isAuto()) {
      return base.named(name.orElseThrow());
    }
    AutoDevice found = AutoDevice.find();
    found.told().ifPresent(stdio::tell);
    return base.named(found.name());
  }
}
