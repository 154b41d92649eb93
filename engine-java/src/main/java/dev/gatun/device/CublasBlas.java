// CublasBlas: cuBLAS through the JavaCPP presets.
package dev.gatun.device;

import static org.bytedeco.cuda.global.cublas.*;
import static org.bytedeco.cuda.global.cudart.CUDA_R_16BF;
import static org.bytedeco.cuda.global.cudart.CUDA_R_32F;

import dev.gatun.refusal.Refusal;
import java.lang.foreign.MemorySegment;
import org.bytedeco.cuda.cublas.cublasContext;
import org.bytedeco.cuda.cudart.CUstream_st;
import org.bytedeco.javacpp.FloatPointer;
import org.bytedeco.javacpp.Pointer;

/**
 * cuBLAS is column-major: what is a row to us is a column to it, so y^T = weight * x^T is asked
 * for, with the weight as the transpose of what lies there. Made once {@link CudaDevices} has found
 * the library.
 */
final class CublasBlas implements Blas {
  private static final FloatPointer ONE = new FloatPointer(1f);
  private static final FloatPointer ZERO = new FloatPointer(0f);

  private final cublasContext handle = new cublasContext();

  CublasBlas(CUstream_st stream) {
    check(cublasCreate_v2(handle), "opening cuBLAS");
    try {
      check(cublasSetStream_v2(handle, stream), "giving cuBLAS its stream");
      check(cublasSetMathMode(handle, CUBLAS_DEFAULT_MATH), "setting up cuBLAS");
    } catch (RuntimeException e) {
      close();
      throw e;
    }
  }

  private static void check(int status, String what) {
    if (status != CUBLAS_STATUS_SUCCESS) {
      throw Refusal.device(
          what
              + ": "
              + cublasGetStatusString(status).getString()
              + " ("
              + cublasGetStatusName(status).getString()
              + ")",
          "use --gemm own",
          null);
    }
  }

  @Override
  public void workspace(MemorySegment memory, long bytes) {
    check(cublasSetWorkspace_v2(handle, at(memory), bytes), "lending cuBLAS its workspace");
  }

  @Override
  public void multiply(
      int tokens,
      int rows,
      int cols,
      MemorySegment x,
      MemorySegment weight,
      MemorySegment y,
      int stride) {
    int status =
        cublasGemmEx(
            handle,
            CUBLAS_OP_T,
            CUBLAS_OP_N,
            rows,
            tokens,
            cols,
            ONE,
            at(weight),
            CUDA_R_16BF,
            cols,
            at(x),
            CUDA_R_16BF,
            cols,
            ZERO,
            at(y),
            CUDA_R_32F,
            stride,
            CUBLAS_COMPUTE_32F,
            CUBLAS_GEMM_DEFAULT);
    check(status, "cuBLAS, a product of " + tokens + " x " + cols + " with " + rows + " rows");
  }

  private static Pointer at(MemorySegment memory) {
    return new JavaCppRuntime.At(memory);
  }

  // Closing cannot be refused: after a fault it fails, and the process's end frees everything.
  @Override
  public void close() {
    cublasDestroy_v2(handle);
  }
}
