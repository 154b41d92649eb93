// CudaDevice: one GPU: its memory through CUDA's runtime, its ops through the contract.
package dev.gatun.device;

import dev.gatun.refusal.Refusal;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Optional;

/** {@code -Dgatun.sync=true} waits after each op, so that a fault is told with the op's name. */
final class CudaDevice implements Device {
  private static final boolean SYNC_EACH_OP = Boolean.getBoolean("gatun.sync");

  private final GpuRuntime runtime;
  private final Gpu gpu;
  private final String name;
  private final GpuMemory memory;
  private final boolean records;
  private final MemorySegment stream;
  private final Queue queue;
  private final Ops ops;
  private Optional<UnpackedProducts> products = Optional.empty();

  private CudaDevice(CudaRuntime runtime, Gpu gpu, DeviceChoice choice) {
    this.runtime = new GpuRuntime(runtime, gpu.index());
    this.gpu = gpu;
    name = choice + " (" + gpu.name() + ")";
    memory = new GpuMemory(this.runtime, gpu, name);
    memory.begin();
    records = choice.graphs() && !SYNC_EACH_OP;
    stream = runtime.openStream();
    try {
      queue = Queue.cuda(gpu.index(), stream);
    } catch (RuntimeException | Error e) {
      runtime.closeStream(stream);
      throw e;
    }
    ops = new Ops(queue.handle(), SYNC_EACH_OP);
  }

  /** Refusal.device where there is no such GPU, or one too old. */
  static CudaDevice open(CudaRuntime runtime, DeviceChoice choice) {
    return new CudaDevice(runtime, find(runtime, choice), choice);
  }

  static Gpu find(CudaRuntime runtime, DeviceChoice choice) {
    int devices = runtime.devices();
    if (choice.index() >= devices) {
      throw Refusal.device(
          "there is no device "
              + choice
              + ", this machine has "
              + devices
              + (devices == 1 ? " GPU" : " GPUs"),
          devices == 1 ? "use --device cuda:0" : "use --device cuda:0 to cuda:" + (devices - 1),
          null);
    }
    Gpu gpu = runtime.describe(choice.index());
    if (gpu.capability() < Gpu.OLDEST) {
      throw Refusal.device(
          choice
              + " ("
              + gpu.name()
              + ") has compute capability "
              + gpu.generation()
              + ", the kernels need 8.0 (Ampere) or later",
          "use another GPU (gatun devices) or --device cpu",
          null);
    }
    return gpu;
  }

  @Override
  public String name() {
    return name;
  }

  @Override
  public Ops ops() {
    return ops;
  }

  @Override
  public Queue queue() {
    return queue;
  }

  @Override
  public DeviceMemory memory() {
    return runtime.here().memory();
  }

  @Override
  public Optional<GpuState> state() {
    return runtime.runtime().state(gpu);
  }

  @Override
  public Optional<Gpu> gpu() {
    return Optional.of(gpu);
  }

  @Override
  public boolean reaches(int owner) {
    return PeerAccess.open(runtime.runtime(), gpu.index(), owner);
  }

  @Override
  public boolean connects() {
    return runtime.runtime().hasNccl();
  }

  @Override
  public byte[] newConnection() {
    return runtime.here().newNcclId();
  }

  @Override
  public Communicator connect(byte[] connection, int rank, int size) {
    return CudaCommunicator.open(runtime, connection, rank, size);
  }

  @Override
  public long allocations() {
    return memory.allocations();
  }

  @Override
  public long allocatedBytes() {
    return memory.allocatedBytes();
  }

  @Override
  public Buffer allocate(String purpose, long bytes, Arena arena) {
    return memory.allocate(purpose, bytes, arena);
  }

  @Override
  public MemorySegment hostMemory(String purpose, long bytes, Arena arena) {
    return memory.allocateOnHost(purpose, bytes, arena);
  }

  @Override
  public Buffer seen(MemorySegment hostMemory, Arena arena) {
    MemorySegment seen = runtime.here().onDevice(hostMemory);
    return new Buffer(seen.reinterpret(hostMemory.byteSize(), arena, null));
  }

  @Override
  public HostView view(String purpose, long bytes, Arena arena) {
    return new Copied(this, hostMemory(purpose, bytes, arena));
  }

  /** A pinned copy at a fixed address, so that a recording may hold it. */
  record Copied(CudaDevice device, MemorySegment host) implements HostView {
    @Override
    public void refresh(Buffer buffer) {
      device.runtime.here().copy(buffer.segment(), host, buffer.bytes(), device.stream);
    }

    @Override
    public MemorySegment content(Buffer buffer) {
      return host.asSlice(0, buffer.bytes());
    }
  }

  @Override
  public void upload(MemorySegment from, Buffer to) {
    Buffer part = to.slice(0, from.byteSize());
    runtime.here().copy(from, part.segment(), part.bytes(), stream);
  }

  @Override
  public void copyOut(Buffer from, MemorySegment to) {
    MemorySegment part = to.asSlice(0, from.bytes());
    runtime.here().copy(from.segment(), part, from.bytes(), stream);
  }

  @Override
  public void copy(MemorySegment from, MemorySegment to, Block block) {
    MemorySegment source = from.asSlice(block.from(), block.fromBytes());
    MemorySegment target = to.asSlice(block.to(), block.toBytes());
    if (block.rows() == 1) {
      runtime.here().copy(source, target, block.width(), stream);
    } else {
      runtime.here().copy(source, target, block, stream);
    }
  }

  @Override
  public void after(Mark mark) {
    CudaMark.order(mark, runtime, stream);
  }

  @Override
  public Runnable pin(String purpose, MemorySegment host) {
    return memory.pin(purpose, host);
  }

  @Override
  public void download(Buffer from, MemorySegment to) {
    copyOut(from, to);
    sync();
  }

  @Override
  public void sync() {
    runtime.here().sync(stream);
  }

  @Override
  public Mark mark(Arena arena) {
    return CudaMark.of(runtime, stream, arena);
  }

  @Override
  public boolean records() {
    return records;
  }

  @Override
  public Recording record(Runnable calls) {
    return runtime.record(stream, calls);
  }

  @Override
  public boolean isGpu() {
    return true;
  }

  @Override
  public void lendWorkspace(StepLimits limits, Arena arena) {
    long bytes = queue.workspaceBytes(limits);
    if (bytes > 0) {
      queue.workspace(allocate("the kernels' workspace", bytes, arena));
    }
  }

  @Override
  public void openGemm() {
    if (products.isEmpty()) {
      Blas blas = runtime.here().openBlas(stream);
      UnpackedProducts opened = new UnpackedProducts(queue.handle(), blas);
      products = Optional.of(opened);
      ops.multiplyBy(opened);
    }
  }

  @Override
  public void lendGemm(long unpacked, Arena arena) {
    Buffer workspace = allocate("cuBLAS's workspace", GEMM_WORKSPACE, arena);
    products.orElseThrow().lend(workspace, allocate("unpacked weights", unpacked, arena));
  }

  @Override
  public String kernel(PackedMatrix weight, DType x, int rows) {
    return queue.kernel(weight, x, rows);
  }

  @Override
  public double measureRead(long bytes, int repeats) {
    try (Arena arena = Arena.ofConfined()) {
      return queue.measureRead(allocate("measuring the memory", bytes, arena), repeats);
    }
  }

  @Override
  public double measureInt8() {
    return queue.measureInt8();
  }

  @Override
  public void close() {
    products.ifPresent(opened -> runtime.giveBack(cuda -> opened.close()));
    queue.close();
    runtime.giveBack(cuda -> cuda.closeStream(stream));
  }
}
