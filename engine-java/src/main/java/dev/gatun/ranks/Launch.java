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
   * @throws Refusal where the launcher is another MPI's
   */
  static Optional<Launch> of(Map<String, String> environment) {
    Launch launch;
    if (environment.containsKey("OMPI_COMM_WORLD_SIZE")) {
      launch = read(environment, "mpirun", "OMPI_COMM_WORLD_RANK", "OMPI_COMM_WORLD_SIZE");
    } else if (environment.containsKey("SLURM_STEP_NUM_TASKS")) {
      // Of the step: SLURM_NTASKS is also there where a batch script runs one process without srun.
      launch = read(environment, "srun", "SLURM_PROCID", "SLURM_STEP_NUM_TASKS");
    } else {
      launch = read(environment, "MPICH", "PMI_RANK", "PMI_SIZE");
      if (launch.size > 1) {
        throw Refusal.device(
            "MPICH's or Intel's launcher started this process (PMI_SIZE is "
                + launch.size
                + "), and their ABI is not Open MPI's",
            "start with Open MPI's mpirun -np " + launch.size + ", or with srun --mpi=pmix",
            null);
      }
    }
    return Optional.of(launch).filter(several -> several.size > 1);
  }

  private static Launch read(
      Map<String, String> environment, String launcher, String rank, String size) {
    return new Launch(launcher, number(environment, rank, 0), number(environment, size, 1));
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
