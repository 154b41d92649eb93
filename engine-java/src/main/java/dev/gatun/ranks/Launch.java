// Launch: what the launcher of several processes told this one in its environment.
package dev.gatun.ranks;

import dev.gatun.refusal.Refusal;
import java.util.Map;
import java.util.Optional;

/**
 * @param launcher by the name users know
 * @param size processes it started
 */
record Launch(String launcher, int rank, int size) {

  /**
   * Empty where this process is the only one.
   *
   * @throws Refusal where the processes cannot find each other
   */
  static Optional<Launch> of(Map<String, String> environment) {
    if (environment.containsKey("OMPI_COMM_WORLD_SIZE")) {
      return several(environment, "mpirun", "OMPI_COMM_WORLD_RANK", "OMPI_COMM_WORLD_SIZE");
    }
    // Of the step: SLURM_NTASKS is also there where a batch script runs one process without srun.
    Optional<Launch> srun = several(environment, "srun", "SLURM_PROCID", "SLURM_STEP_NUM_TASKS");
    if (srun.isPresent()) {
      if (!environment.containsKey("PMIX_RANK")) {
        throw Refusal.device(
            "srun started "
                + srun.get().size
                + " processes without PMIx, by which they find each"
                + " other",
            "start with srun --mpi=pmix",
            null);
      }
      return srun;
    }
    Optional<Launch> mpich = several(environment, "MPICH", "PMI_RANK", "PMI_SIZE");
    if (mpich.isPresent()) {
      int size = mpich.get().size;
      throw Refusal.device(
          "MPICH's or Intel's launcher started this process (PMI_SIZE is "
              + size
              + "), and their ABI is not Open MPI's",
          "start with Open MPI's mpirun -np " + size + ", or with srun --mpi=pmix",
          null);
    }
    return Optional.empty();
  }

  private static Optional<Launch> several(
      Map<String, String> environment, String launcher, String rank, String size) {
    int processes = number(environment, size, 1);
    return processes > 1
        ? Optional.of(new Launch(launcher, number(environment, rank, 0), processes))
        : Optional.empty();
  }

  private static int number(Map<String, String> environment, String name, int absent) {
    String value = environment.get(name);
    if (value == null) {
      return absent;
    }
    try {
      return Integer.parseInt(value);
    } catch (NumberFormatException e) {
      throw Refusal.device(
          "the environment's " + name + " is \"" + value + "\", not a number",
          "start with Open MPI's mpirun or with srun --mpi=pmix",
          e);
    }
  }
}
