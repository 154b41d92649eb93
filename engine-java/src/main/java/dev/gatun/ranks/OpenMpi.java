// OpenMpi: Open MPI's library, loaded where several processes run; every status is looked at.
package dev.gatun.ranks;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT;

import dev.gatun.bindings.mpi.Mpi;
import dev.gatun.refusal.Refusal;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SymbolLookup;
import java.lang.foreign.ValueLayout;
import java.util.List;

/** From {@link #start} to {@link #finish}, once a process; from any thread. */
final class OpenMpi {
  private static final String LIBRARY = "libmpi.so.40";
  private static final String REMEDY =
      "install Open MPI (apt-get install openmpi-bin) and start with its mpirun, or with srun"
          + " --mpi=pmix";

  /** Communicators, types and error handlers are addresses of Open MPI's. */
  private final SymbolLookup symbols;

  private final String library;
  private final MemorySegment world;
  private final MemorySegment bytes;

  /** {@code MPI_IN_PLACE}: the address 1. */
  private static final MemorySegment IN_PLACE = MemorySegment.ofAddress(1);

  /**
   * Where the memory begins that MPI sends from. Not where the memory begins that it receives in:
   * Open MPI takes equal addresses for {@code MPI_IN_PLACE}, and sends as much as it receives.
   */
  static final int GIVEN_FROM = 1;

  private OpenMpi(String library, SymbolLookup symbols) {
    this.library = library;
    this.symbols = symbols;
    this.world = handle("ompi_mpi_comm_world");
    this.bytes = handle("ompi_mpi_byte");
  }

  /** Loads the library and waits until all processes have; Refusal.device where there is none. */
  static OpenMpi start() {
    OpenMpi mpi = load(LIBRARY);
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment given = arena.allocate(JAVA_INT);
      int wanted = Mpi.MPI_THREAD_MULTIPLE();
      mpi.check(
          "MPI_Init_thread",
          Mpi.MPI_Init_thread(MemorySegment.NULL, MemorySegment.NULL, wanted, given));
      if (given.get(JAVA_INT, 0) < wanted) {
        throw Refusal.device(
            LIBRARY + " serves one thread at a time", "build it with threads", null);
      }
    }
    // Else an error ends the process with MPI's own words.
    mpi.check(
        "MPI_Comm_set_errhandler",
        Mpi.MPI_Comm_set_errhandler(mpi.world, mpi.handle("ompi_mpi_errors_return")));
    return mpi;
  }

  static OpenMpi load(String library) {
    try {
      return new OpenMpi(library, SymbolLookup.libraryLookup(library, Arena.global()));
    } catch (IllegalArgumentException e) {
      throw Refusal.device(
          library + " is not found, and this process is one of several that MPI started",
          REMEDY,
          e);
    }
  }

  private MemorySegment handle(String name) {
    return symbols
        .find(name)
        .orElseThrow(
            () ->
                Refusal.device(
                    library + " is not Open MPI's: it has no " + name + ", as MPICH's has not",
                    REMEDY,
                    null));
  }

  int rank() {
    return number("MPI_Comm_rank", place -> Mpi.MPI_Comm_rank(world, place));
  }

  int size() {
    return number("MPI_Comm_size", place -> Mpi.MPI_Comm_size(world, place));
  }

  /** Of the machine this process runs on. */
  String host() {
    return text(
        "MPI_Get_processor_name", Mpi.MPI_MAX_PROCESSOR_NAME(), Mpi::MPI_Get_processor_name);
  }

  /** Name and version in one line. */
  String version() {
    return text(
        "MPI_Get_library_version",
        Mpi.MPI_MAX_LIBRARY_VERSION_STRING(),
        Mpi::MPI_Get_library_version);
  }

  /** A communicator of {@code ranks}; all of them make it, in the same order as their others. */
  MemorySegment communicator(List<Integer> ranks) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment members =
          arena.allocateFrom(JAVA_INT, ranks.stream().mapToInt(Integer::intValue).toArray());
      MemorySegment all = arena.allocate(ValueLayout.ADDRESS);
      MemorySegment some = arena.allocate(ValueLayout.ADDRESS);
      MemorySegment made = arena.allocate(ValueLayout.ADDRESS);
      check("MPI_Comm_group", Mpi.MPI_Comm_group(world, all));
      check(
          "MPI_Group_incl",
          Mpi.MPI_Group_incl(all.get(ValueLayout.ADDRESS, 0), ranks.size(), members, some));
      check(
          "MPI_Comm_create_group",
          Mpi.MPI_Comm_create_group(world, some.get(ValueLayout.ADDRESS, 0), 0, made));
      check("MPI_Group_free", Mpi.MPI_Group_free(some));
      check("MPI_Group_free", Mpi.MPI_Group_free(all));
      return made.get(ValueLayout.ADDRESS, 0);
    }
  }

  /**
   * Begins to gather the parts of {@code memory} in all members' memories, where this member's part
   * lies in its own.
   *
   * @param parts stay as they are until the request is done
   * @param request where MPI writes the request
   */
  void gather(
      MemorySegment memory, Pieces parts, MemorySegment communicator, MemorySegment request) {
    check(
        "MPI_Iallgatherv",
        Mpi.MPI_Iallgatherv(
            IN_PLACE, 0, bytes, memory, parts.counts, parts.starts, bytes, communicator, request));
  }

  /**
   * Begins to bring each member its pieces of the others' memories, which lie there as in its own.
   * The pieces do not overlap.
   *
   * @param given to each member, counted from {@link #GIVEN_FROM}; stay as they are until the
   *     request is done, as the next do
   * @param taken from each member
   * @param request where MPI writes the request
   */
  void exchange(
      MemorySegment memory,
      Pieces given,
      Pieces taken,
      MemorySegment communicator,
      MemorySegment request) {
    check(
        "MPI_Ialltoallv",
        Mpi.MPI_Ialltoallv(
            MemorySegment.ofAddress(memory.address() + GIVEN_FROM),
            given.counts,
            given.starts,
            bytes,
            memory,
            taken.counts,
            taken.starts,
            bytes,
            communicator,
            request));
  }

  /**
   * A piece of memory for each member.
   *
   * @param counts bytes, as ints
   * @param starts where each begins, as ints
   */
  record Pieces(MemorySegment counts, MemorySegment starts) {
    static Pieces of(int members, Arena arena) {
      return new Pieces(arena.allocate(JAVA_INT, members), arena.allocate(JAVA_INT, members));
    }

    void set(int member, int start, int count) {
      counts.setAtIndex(JAVA_INT, member, count);
      starts.setAtIndex(JAVA_INT, member, start);
    }
  }

  /**
   * Moves what is under way along, and says whether {@code request} is done.
   *
   * @param flag an int that MPI writes to
   */
  boolean done(MemorySegment request, MemorySegment flag) {
    check("MPI_Test", Mpi.MPI_Test(request, flag, MemorySegment.NULL));
    return flag.get(JAVA_INT, 0) != 0;
  }

  /** Waits until all processes are here. */
  void finish() {
    check("MPI_Finalize", Mpi.MPI_Finalize());
  }

  private interface IntoPlace {
    int call(MemorySegment place);
  }

  private interface IntoText {
    int call(MemorySegment text, MemorySegment length);
  }

  private int number(String function, IntoPlace call) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment place = arena.allocate(JAVA_INT);
      check(function, call.call(place));
      return place.get(JAVA_INT, 0);
    }
  }

  private String text(String function, int most, IntoText call) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment text = arena.allocate(JAVA_BYTE, most + 1);
      check(function, call.call(text, arena.allocate(JAVA_INT)));
      return text.getString(0);
    }
  }

  private void check(String function, int status) {
    if (status != Mpi.MPI_SUCCESS()) {
      String what =
          text(
              "MPI_Error_string",
              Mpi.MPI_MAX_ERROR_STRING(),
              (text, length) -> Mpi.MPI_Error_string(status, text, length));
      throw Refusal.device(function + " failed: " + what, "see what Open MPI says of it", null);
    }
  }
}
