// BenchResult: the figures of one test under llama-bench's names.
package dev.gatun.cli;

import dev.gatun.device.DeviceChoice;
import dev.gatun.kv.CacheTypes;
import dev.gatun.load.EngineOptions;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * @param limits of the device, measured in the same run
 */
record BenchResult(BenchModel model, BenchRun run, Limits limits) {

  /**
   * @param bandwidth bytes a second that memory gave
   * @param int8 operations a second on int8 in registers, a multiply-add being two
   */
  record Limits(double bandwidth, double int8) {
    Limits plus(Limits other) {
      return new Limits(bandwidth + other.bandwidth, int8 + other.int8);
    }
  }

  BenchCase test() {
    return run.test();
  }

  /** Tokens a second of each repetition, of all sequences together. */
  double[] rates() {
    return Arrays.stream(run.samples())
        .mapToDouble(nanos -> test().tokens() * 1e9 / nanos)
        .toArray();
  }

  /** Whether operations are what holds a test back: it reads a prompt and generates nothing. */
  boolean isPrompt() {
    return test().generated() == 0;
  }

  /** Share of the measured bandwidth that the average rate uses, in %. */
  double bandwidthShare() {
    return 100 * run.bytesPerToken() * mean(rates()) / limits.bandwidth();
  }

  /** Share of the measured rate of int8 that a prompt's products have, in %. */
  double int8Share() {
    return 100 * model.operationsPerToken() * mean(rates()) / limits.int8();
  }

  /** Share of the time in which no step was on the device, in %. */
  double hostGap() {
    // The two clocks may differ by a few parts in a million.
    return Math.max(0, 100 - 100.0 * run.busyNanos() / Arrays.stream(run.samples()).sum());
  }

  /**
   * llama-bench's fields in its order. Fields of what this engine does not have say so by their
   * value.
   */
  Map<String, Object> fields() {
    Map<String, Object> fields = new LinkedHashMap<>();
    putBuild(fields);
    putSettings(fields);
    double[] nanos = Arrays.stream(run.samples()).asDoubleStream().toArray();
    fields.put("n_prompt", test().prompt());
    fields.put("n_gen", test().generated());
    fields.put("n_depth", test().depth());
    fields.put("test_time", run.time());
    fields.put("avg_ns", Math.round(mean(nanos)));
    fields.put("stddev_ns", Math.round(deviation(nanos)));
    fields.put("avg_ts", mean(rates()));
    fields.put("stddev_ts", deviation(rates()));
    return fields;
  }

  /** What only JSON holds in llama-bench: the samples. */
  Map<String, Object> samplesByName() {
    Map<String, Object> fields = new LinkedHashMap<>();
    fields.put("samples_ns", run.samples());
    fields.put("samples_ts", rates());
    return fields;
  }

  /** What llama-bench does not have; comes after its fields. Null where a share tells nothing. */
  Map<String, Object> gatunFields() {
    Map<String, Object> fields = new LinkedHashMap<>();
    fields.put("n_parallel", test().parallel());
    fields.put("bytes_per_token", Math.round(run.bytesPerToken()));
    fields.put("bandwidth_bytes_per_second", Math.round(limits.bandwidth()));
    fields.put("bandwidth_percent", isPrompt() ? null : bandwidthShare());
    fields.put("int8_ops_per_second", Math.round(limits.int8()));
    fields.put("int8_percent", isPrompt() ? int8Share() : null);
    fields.put("peak_memory_bytes", run.peakMemory());
    fields.put("host_gap_percent", hostGap());
    if (run.pace().measured()) {
      fields.putAll(run.pace().fields());
    }
    run.mesh().ifPresent(mesh -> fields.putAll(mesh.fields()));
    return fields;
  }

  private void putBuild(Map<String, Object> fields) {
    fields.put("build_commit", "gatun " + Version.NUMBER);
    fields.put("build_number", 0);
    fields.put("cpu_info", Machine.cpuName());
    boolean gpu = run.options().device().kind() != DeviceChoice.Kind.CPU;
    fields.put("gpu_info", gpu ? run.device() : "");
    fields.put("backends", BenchMesh.backends(run.options()));
    fields.put("model_filename", model.file());
    fields.put("model_type", model.type());
    fields.put("model_size", model.bytes());
    fields.put("model_n_params", model.parameters());
  }

  private void putSettings(Map<String, Object> fields) {
    EngineOptions options = run.options();
    fields.put("n_batch", options.batch());
    fields.put("n_ubatch", options.ubatch());
    fields.put("n_threads", BenchMesh.threads(options));
    fields.put("cpu_mask", "0x0");
    fields.put("cpu_strict", false);
    fields.put("poll", 0);
    fields.put("type_k", CacheTypes.name(options.cacheTypes().keys()));
    fields.put("type_v", CacheTypes.name(options.cacheTypes().values()));
    fields.put("n_gpu_layers", options.device().kind() == DeviceChoice.Kind.CPU ? 0 : -1);
    fields.put("n_cpu_moe", 0);
    fields.put("split_mode", BenchMesh.splitMode(options));
    fields.put("main_gpu", 0);
    fields.put("no_kv_offload", false);
    fields.put("flash_attn", 1);
    fields.put("devices", BenchMesh.names(options));
    fields.put("tensor_split", "0.00");
    fields.put("tensor_buft_overrides", "none");
    // llama-bench renamed these two; readers of either find it.
    fields.put("use_mmap", false);
    fields.put("use_direct_io", false);
    fields.put("load_mode", "none");
    fields.put("lazy_mode", "none");
    fields.put("embeddings", false);
    fields.put("no_op_offload", 0);
    fields.put("no_host", false);
    fields.put("repack", true);
    fields.put("fit_target", 0);
    fields.put("fit_min_ctx", 0);
  }

  static double mean(double[] values) {
    return Arrays.stream(values).average().orElse(0);
  }

  /** The sample's standard deviation; 0 for one value. */
  static double deviation(double[] values) {
    double mean = mean(values);
    double squares = Arrays.stream(values).map(value -> (value - mean) * (value - mean)).sum();
    return values.length < 2 ? 0 : Math.sqrt(squares / (values.length - 1));
  }
}
