// KernelsTest: show --kernels and --gemm on the command line.
package dev.gatun.cli;

import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class KernelsTest {
  @TempDir static Path folder;
  private static String model;

  @BeforeAll
  static void create() throws IOException {
    model = TinyModel.create(folder).toString();
  }

  private static List<String> lines(String... args) {
    return Cli.terminal().run(args).succeeded().lines().toList();
  }

  @Test
  void everyProductIsNamedWithItsKernel() {
    List<String> lines = lines("show", "--synthetic", "qwq-32b", "--kernels", "-ub", "128");
    assertTrue(
        lines.getFirst().matches("product +weights +rows x cols +x +a step +tokens +served by"),
        lines.getFirst());
    for (String row :
        List.of(
            "Qkv +Q4_K +5120 x 5120 +A16 +64 +1 to 128  mat_mul_int8, \\w+",
            "Qkv +Q6_K +1024 x 5120 +A16 +\\d+ +1 to 128  mat_mul_int8, \\w+",
            "GateUp +Q4_K +27648 x 5120 +A8 +64 +1 to 128  mat_mul_int8, \\w+",
            "MatMul +Q6_K +152064 x 5120 +A16 +1 +1  mat_mul_int8, \\w+")) {
      assertTrue(lines.stream().anyMatch(line -> line.matches(row)), row + lines);
    }
    assertFalse(lines.stream().anyMatch(line -> line.contains("B/s")));
  }

  @Test
  void onADeviceTheyAreTimed() {
    List<String> lines =
        lines("show", "-m", model, "--kernels", "--device", "cpu", "--ubatch-size", "32");
    assertTrue(lines.getFirst().matches("product .* served by +kernels +rate"), lines.getFirst());
    assertTrue(lines.size() > 1, "no product is named");
    for (String line : lines.subList(1, lines.size())) {
      assertTrue(
          line.matches(".* (1|16) +mat_mul_fp32, \\w+ +[\\d.]+ us +[\\d.]+ GB/s")
              || line.matches(".* 32 +mat_mul_fp32, \\w+ +[\\d.]+ us +[\\d.]+ TFLOP/s"),
          line);
    }
  }

  @Test
  @Tag("emulated")
  void cublasIsNamedWhereItServes() {
    List<String> lines =
        lines(
            "show",
            "-m",
            model,
            "--kernels",
            "--device",
            "emulated",
            "--gemm",
            "cublas",
            "-ub",
            "32");
    assertTrue(
        lines.getFirst().matches("product .* kernels +rate +cuBLAS +rate"), lines.getFirst());
    assertTrue(
        lines.stream()
            .anyMatch(
                line ->
                    line.matches("GateUp .* 32 +unpack, cuBLAS( +[\\d.]+ us +[\\d.]+ \\w+/s){2}")),
        lines.toString());
    assertTrue(
        lines.stream().anyMatch(line -> line.matches("GateUp .* 16 +mat_mul_float, fp32 .*GB/s")),
        lines.toString());
  }

  @ParameterizedTest
  @ValueSource(strings = {"cublas", "fastest"})
  void theCpuHasNoCublas(String gemm) {
    String line = Cli.terminal().run("run", "-m", model, "-p", "a", "--gemm", gemm).refused(2);
    assertTrue(line.contains("the CPU has no cuBLAS"), line);
    assertTrue(line.contains("scripts/fetch-cuda --cublas"), line);
    Cli.terminal().run("show", "-m", model, "--kernels", "--gemm", gemm).refused(2);
    Cli.terminal().run("plan", "-m", model, "--gemm", gemm).refused(2);
  }

  @Test
  void anotherGemmIsRefused() {
    String line = Cli.terminal().run("run", "-m", model, "-p", "a", "--gemm", "mkl").refused(2);
    assertTrue(line.contains("--gemm"), line);
  }

  @Test
  @Tag("emulated")
  void float32IsNotRounded() {
    String[] args = {
      "run", "-m", model, "-p", "a", "--device", "emulated", "--gemm", "cublas", "--compute", "f32"
    };
    String line = Cli.terminal().run(args).refused(2);
    assertTrue(line.contains("--gemm cublas multiplies in bfloat16"), line);
  }

  /** A card that need not be there is planned with cuBLAS's memory: 32 MiB and 256 of a weight. */
  @Test
  void whatIsLentIsPlanned() {
    String[] args = {
      "plan", "--synthetic", "qwq-32b:type=awq", "--vram", "24G", "--gemm", "cublas"
    };
    String out = Cli.terminal().run(args).succeeded();
    assertTrue(out.matches("(?s).*cuBLAS, unpacked weights +0\\.28\n.*"), out);
    assertFalse(
        Cli.terminal()
            .run("plan", "--synthetic", "qwq-32b:type=awq", "--vram", "24G")
            .succeeded()
            .contains("cuBLAS"));
  }
}
