// JavaCppGraph: a CUDA graph through the JavaCPP presets.
package dev.gatun.device;

import static dev.gatun.device.JavaCppRuntime.check;
import static org.bytedeco.cuda.global.cudart.*;

import dev.gatun.refusal.Refusal;
import org.bytedeco.cuda.cudart.CUgraphExec_st;
import org.bytedeco.cuda.cudart.CUgraph_st;
import org.bytedeco.cuda.cudart.CUstream_st;

record JavaCppGraph(CUgraphExec_st graph, CUstream_st stream) implements Recording {

  /** What {@code calls} issues on the stream, which does not run meanwhile. */
  static JavaCppGraph record(CUstream_st stream, Runnable calls) {
    check(cudaStreamBeginCapture(stream, cudaStreamCaptureModeThreadLocal), "recording a step");
    CUgraph_st graph = new CUgraph_st();
    try {
      calls.run();
    } catch (RuntimeException | Error e) {
      if (cudaStreamEndCapture(stream, graph) == cudaSuccess) {
        cudaGraphDestroy(graph);
      }
      cudaGetLastError();
      if (e instanceof Refusal refusal && refusal.reason() == Refusal.Reason.DEVICE) {
        throw Refusal.device(
            "recording a step: " + e.getMessage(), "or with " + JavaCppRuntime.PLAIN, e);
      }
      throw e;
    }
    check(cudaStreamEndCapture(stream, graph), "recording a step");
    CUgraphExec_st executable = new CUgraphExec_st();
    int status = cudaGraphInstantiate(executable, graph, 0);
    cudaGraphDestroy(graph);
    check(status, "building the graph of a step");
    return new JavaCppGraph(executable, stream);
  }

  @Override
  public void run() {
    check(cudaGraphLaunch(graph, stream), "starting a recorded step");
  }

  @Override
  public void close() {
    cudaGraphExecDestroy(graph);
  }
}
