// GemmArgument: which kernels multiply prompts.
package dev.gatun.cli;

import dev.gatun.device.Device;
import dev.gatun.device.DeviceChoice;
import dev.gatun.load.Gemm;
import picocli.CommandLine.Option;

/** Mixed into commands that run the model or tell of its kernels. */
final class GemmArgument {
  @Option(
      names = "--gemm",
      paramLabel = "own|cublas|fastest",
      description =
          "Products of a prompt on a GPU: by our kernels, the default; by cuBLAS, in bfloat16"
              + " (scripts/fetch-cuda --cublas); or by what is the faster for each shape, measured"
              + " at load. Only with our own is a prompt the same bits however it is cut into"
              + " steps. Steps of up to 16 tokens always use our kernels.")
  Gemm gemm = Gemm.OWN;

  /** Refuses what the device has not, before a model is opened or fetched. */
  void require(DeviceChoice choice) {
    if (gemm != Gemm.OWN) {
      Device.requireGemm(choice);
    }
  }
}
