// MtpArgument: whether the layer of multi-token prediction is loaded.
package dev.gatun.cli;

import picocli.CommandLine.Option;

final class MtpArgument {
  @Option(
      names = "--mtp",
      description =
          "With the layer of multi-token prediction that DeepSeek-V3's models have behind their"
              + " own, which is left out otherwise.")
  boolean mtp;
}
