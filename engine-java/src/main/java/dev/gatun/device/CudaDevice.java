// CudaDevice: one GPU: its memory through CUDA's runtime, its ops through the contract.
package dev.gatun.device;

import dev.gatun.refusal.Refusal;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Optional;
import java.util.stream.Collectors;

/** {@code -Dgatun.sync=true} waits after each op, so that a fault is told with the op's name. */
final class CudaDevice implements Device {
  private static final boolean SYNC_EACH_OP = Boolean.getBoolean("gatun.sync");

  private final CudaRuntime runtime;
  private final Gpu gpu;
  private final String name;
  private final boolean records;
  private final MemorySegment stream;
  private final Queue queue;
  private final Ops ops;
  private Optional<UnpackedProducts> products = Optional.empty();
  private long allocations;

  private CudaDevice(CudaRuntime runtime, Gpu gpu, DeviceChoice choice) {
    this.runtime = runtime;
    this.gpu = gpu;
    name = choice + " (" + gpu.name() + ")";
    records = choice.graphs() && !SYNC_EACH_OP;
    begin();
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
    use();
    return runtime.memory();
  }

  @Override
  public Optional<GpuState> state() {
    return runtime.state(gpu);
  }

  /** Makes CUDA's context, the first thing that a full GPU has no room for. */
  private void begin() {
    try {
      use();
    } catch (Refusal e) {
      throw e.reason() == Refusal.Reason.DOES_NOT_FIT
          ? Refusal.doesNotFit(
              name + " has no room for CUDA's context" + others(),
              "end what else runs on that GPU, or use another")
          : e;
    }
  }

  private void use() {
    runtime.use(gpu.index());
  }

  /**
   * Gives something back, on whatever thread. After a fault nothing can be, and the process's end
   * does it.
   */
  private void giveBack(Runnable call) {
    try {
      use();
    } catch (Refusal e) {
      return;
    }
    call.run();
  }

  @Override
  public long allocations() {
    return allocations;
  }

  @Override
  public Buffer allocate(String purpose, long bytes, Arena arena) {
    use();
    MemorySegment memory = runtime.allocate(bytes);
    if (memory.address() == 0) {
      throw noRoom(purpose, bytes);
    }
    allocations++;
    return new Buffer(
        memory.reinterpret(bytes, arena, freed -> giveBack(() -> runtime.free(freed, bytes))));
  }

  /** Who holds the memory, as the end of a sentence. */
  private String others() {
    return state().stream()
        .flatMap(state -> state.greatest().stream())
        .map(process -> ", " + process)
        .collect(Collectors.joining());
  }

  private Refusal noRoom(String purpose, long bytes) {
    DeviceMemory left = runtime.memory();
    return Refusal.doesNotFit(
        name
            + " has no room for "
            + purpose
            + ": "
            + Library.gibibytes(bytes)
            + " asked for, "
            + Library.gibibytes(left.free())
            + " of "
            + Library.gibibytes(left.total())
            + " free"
            + others(),
        Library.SMALLER + ", or end what else runs on that GPU");
  }

  @Override
  public MemorySegment hostMemory(String purpose, long bytes, Arena arena) {
    use();
    // Asked first, since memory that is pinned is taken at once, if need be from other processes.
    long available = HostMemory.ofMachine().free();
    MemorySegment memory = bytes > available ? MemorySegment.NULL : runtime.allocatePinned(bytes);
    if (memory.address() == 0) {
      throw Refusal.doesNotFit(
          "no pinned host memory for "
              + purpose
              + ": "
              + Library.gibibytes(bytes)
              + " asked for, the machine has "
              + Library.gibibytes(available)
              + " available",
          "free memory or use a smaller model (under WSL, Windows lets less be pinned)");
    }
    allocations++;
    return memory.reinterpret(
        bytes, arena, freed -> giveBack(() -> runtime.freePinned(freed, bytes)));
  }

  @Override
  public Buffer pin(String purpose, MemorySegment data, Arena arena) {
    MemorySegment pinned = hostMemory(purpose, data.byteSize(), arena);
    MemorySegment.copy(data, 0, pinned, 0, data.byteSize());
    return new Buffer(runtime.onDevice(pinned).reinterpret(pinned.byteSize(), arena, null));
  }

  @Override
  public HostView view(String purpose, long bytes, Arena arena) {
    return new Copied(this, hostMemory(purpose, bytes, arena));
  }

  /** A pinned copy at a fixed address, so that a recording may hold it. */
  record Copied(CudaDevice device, MemorySegment host) implements HostView {
    @Override
    public void refresh(Buffer buffer) {
      device.runtime.copy(buffer.segment(), host, buffer.bytes(), device.stream);
    }

    @Override
    public MemorySegment content(Buffer buffer) {
      return host.asSlice(0, buffer.bytes());
    }
  }

  @Override
  public void upload(MemorySegment from, Buffer to) {
    use();
    Buffer part = to.slice(0, from.byteSize());
    runtime.copy(from, part.segment(), part.bytes(), stream);
  }

  @Override
  public void download(Buffer from, MemorySegment to) {
    use();
    MemorySegment part = to.asSlice(0, from.bytes());
    runtime.copy(from.segment(), part, from.bytes(), stream);
    runtime.sync(stream);
  }

  @Override
  public void sync() {
    use();
    runtime.sync(stream);
  }

  @Override
  public Mark mark(Arena arena) {
    use();
    MemorySegment event = runtime.openEvent();
    return new Event(
        this, event.reinterpret(arena, freed -> giveBack(() -> runtime.closeEvent(freed))));
  }

  /** A CUDA event. */
  record Event(CudaDevice device, MemorySegment event) implements Mark {
    @Override
    public void set() {
      device.use();
      device.runtime.mark(event, device.stream);
    }

    @Override
    public void await() {
      device.runtime.await(event);
    }

    @Override
    public long nanosSince(Mark earlier) {
      return device.runtime.nanosBetween(((Event) earlier).event, event);
    }
  }

  @Override
  public boolean records() {
    return records;
  }

  @Override
  public Recording record(Runnable calls) {
    use();
    return new OfThisGpu(this, runtime.record(stream, calls));
  }

  /** Loaded on one thread, run and closed on another. */
  private record OfThisGpu(CudaDevice device, Recording recording) implements Recording {
    @Override
    public void run() {
      device.use();
      recording.run();
    }

    @Override
    public void close() {
      device.giveBack(recording::close);
    }
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
      runtime.use(gpu.index());
      UnpackedProducts opened = new UnpackedProducts(queue.handle(), runtime.openBlas(stream));
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
    return x == DType.BF16 ? "unpack, cuBLAS" : queue.kernel(weight, x, rows);
  }

  @Override
  public double measureRead(long bytes, int repeats) {
    try (Arena arena = Arena.ofConfined()) {
      return queue.measureRead(allocate("measuring the memory", bytes, arena), repeats);
    }
  }

  @Override
  public void close() {
    products.ifPresent(UnpackedProducts::close);
    queue.close();
    giveBack(() -> runtime.closeStream(stream));
  }
}
