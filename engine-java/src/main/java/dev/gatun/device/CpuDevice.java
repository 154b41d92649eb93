// CpuDevice: the CPU back end; each op is done when its call returns.
package dev.gatun.device;

import dev.gatun.bindings.Kernels;
import dev.gatun.refusal.Refusal;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Optional;

/** Device memory is host memory. */
final class CpuDevice implements Device {
  private final Queue queue;
  private final Ops ops;
  private final String name;
  private final long limit;
  private long allocations;
  private long allocated;

  private CpuDevice(Queue queue, String name, long limit) {
    this.limit = limit;
    this.queue = queue;
    this.name = name;
    this.ops = new Ops(queue.handle(), false);
  }

  /** Starts the threads; Refusal.device if the machine lacks the instruction set. */
  static CpuDevice open(DeviceChoice choice) {
    Isa chosen = choice.isa() == Isa.BEST ? bestIsa() : choice.isa();
    int threads = choice.threads();
    String count = threads + (threads == 1 ? " thread, " : " threads, ");
    String name = choice + " (" + count + chosen + ")";
    choice.requireProcessors();
    // The queue's threads are started by this one, so they are where it is meanwhile.
    try (Binding _ = Binding.to(choice)) {
      return new CpuDevice(Queue.cpu(threads, chosen), name, choice.memory());
    }
  }

  static Isa bestIsa() {
    Library.require();
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment out = arena.allocate(ValueLayout.JAVA_INT);
      Library.check(Kernels.gk_cpu_best_isa(out), "gk_cpu_best_isa");
      return Isa.of(out.get(ValueLayout.JAVA_INT, 0));
    }
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
    return limit == DeviceChoice.ALL_MEMORY
        ? HostMemory.ofMachine()
        : new DeviceMemory(limit, limit - allocated);
  }

  @Override
  public Optional<GpuState> state() {
    return Optional.empty();
  }

  @Override
  public Optional<Gpu> gpu() {
    return Optional.empty();
  }

  @Override
  public boolean reaches(int owner) {
    return false;
  }

  @Override
  public boolean connects() {
    return false;
  }

  @Override
  public byte[] newConnection() {
    throw noConnection();
  }

  @Override
  public Communicator connect(byte[] connection, int rank, int size) {
    throw noConnection();
  }

  private static Refusal noConnection() {
    return Refusal.usage("NCCL is for GPUs", "use --exchange host");
  }

  @Override
  public long allocations() {
    return allocations;
  }

  @Override
  public long allocatedBytes() {
    return allocated;
  }

  @Override
  public Buffer allocate(String purpose, long bytes, Arena arena) {
    return new Buffer(hostMemory(purpose, bytes, arena));
  }

  @Override
  public MemorySegment hostMemory(String purpose, long bytes, Arena arena) {
    boolean fits = bytes <= limit - allocated;
    MemorySegment memory = fits ? Library.hostMemory(bytes) : MemorySegment.NULL;
    if (memory.address() == 0) {
      throw Refusal.doesNotFit(
          "no memory for " + purpose + ": " + Library.gibibytes(bytes) + " asked for",
          Library.SMALLER);
    }
    allocations++;
    allocated += bytes;
    return memory.reinterpret(bytes, arena, freed -> Kernels.gk_host_free(freed, bytes));
  }

  @Override
  public Buffer seen(MemorySegment hostMemory, Arena arena) {
    return new Buffer(hostMemory);
  }

  @Override
  public HostView view(String purpose, long bytes, Arena arena) {
    return new Direct();
  }

  /** The memory itself. */
  record Direct() implements HostView {
    @Override
    public void refresh(Buffer buffer) {}

    @Override
    public MemorySegment content(Buffer buffer) {
      return buffer.segment();
    }
  }

  @Override
  public void upload(MemorySegment from, Buffer to) {
    MemorySegment.copy(from, 0, to.segment(), 0, from.byteSize());
  }

  @Override
  public void copyOut(Buffer from, MemorySegment to) {
    MemorySegment.copy(from.segment(), 0, to, 0, from.bytes());
  }

  @Override
  public void copy(MemorySegment from, MemorySegment to, Block block) {
    for (long row = 0; row < block.rows(); row++) {
      long begin = block.from() + row * block.fromStride();
      long end = block.to() + row * block.toStride();
      MemorySegment.copy(from, begin, to, end, block.width());
    }
  }

  @Override
  public void after(Mark mark) {
    mark.await();
  }

  @Override
  public Runnable pin(String purpose, MemorySegment host) {
    return () -> {};
  }

  @Override
  public void download(Buffer from, MemorySegment to) {
    copyOut(from, to);
  }

  @Override
  public void sync() {}

  @Override
  public Mark mark(Arena arena) {
    return new Now();
  }

  /** When it was set: everything issued before is done. */
  static final class Now implements Mark {
    private long nanos;

    @Override
    public void set() {
      nanos = System.nanoTime();
    }

    @Override
    public void await() {}

    @Override
    public long nanosSince(Mark earlier) {
      return nanos - ((Now) earlier).nanos;
    }
  }

  @Override
  public boolean records() {
    return false;
  }

  @Override
  public Recording record(Runnable calls) {
    return Repeated.of(calls);
  }

  @Override
  public boolean isGpu() {
    return false;
  }

  @Override
  public void lendWorkspace(StepLimits limits, Arena arena) {}

  @Override
  public void openGemm() {
    throw noGemm();
  }

  @Override
  public void lendGemm(long unpacked, Arena arena) {
    throw noGemm();
  }

  static Refusal noGemm() {
    return Refusal.usage(
        "the CPU has no cuBLAS", "use --gemm own, or --device cuda (scripts/fetch-cuda --cublas)");
  }

  @Override
  public String kernel(PackedMatrix weight, DType x, int rows) {
    return queue.kernel(weight, x, rows);
  }

  @Override
  public double measureRead(long bytes, int repeats) {
    try (Arena arena = Arena.ofConfined()) {
      Buffer buffer = allocate("measuring the memory", bytes, arena);
      // Untouched pages are all the same page of zeros.
      buffer.segment().fill((byte) 1);
      return queue.measureRead(buffer, repeats);
    }
  }

  @Override
  public double measureInt8() {
    return queue.measureInt8();
  }

  @Override
  public void close() {
    queue.close();
  }
}
