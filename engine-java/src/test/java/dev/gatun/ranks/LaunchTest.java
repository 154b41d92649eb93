// LaunchTest: which environments mean several processes, and whose.
package dev.gatun.ranks;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.gatun.refusal.Refusal;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class LaunchTest {
  @Test
  void oneProcessIsNotSeveral() {
    assertEquals(Optional.empty(), Launch.of(Map.of()));
    assertEquals(Optional.empty(), Launch.of(Map.of("OMPI_COMM_WORLD_SIZE", "1")));
    assertEquals(Optional.empty(), Launch.of(Map.of("SLURM_STEP_NUM_TASKS", "1")));
    assertEquals(Optional.empty(), Launch.of(Map.of("PMI_SIZE", "1")));
    // A batch script that runs one process without srun.
    assertEquals(Optional.empty(), Launch.of(Map.of("SLURM_NTASKS", "4", "SLURM_PROCID", "0")));
  }

  @Test
  void launchersTellRankAndSize() {
    assertEquals(
        Optional.of(new Launch("mpirun", 1, 4)),
        Launch.of(
            Map.of(
                "OMPI_COMM_WORLD_RANK", "1",
                "OMPI_COMM_WORLD_SIZE", "4",
                "SLURM_STEP_NUM_TASKS", "2"))); // mpirun's own, one a node
    assertEquals(
        Optional.of(new Launch("srun", 3, 8)),
        Launch.of(Map.of("SLURM_PROCID", "3", "SLURM_STEP_NUM_TASKS", "8", "PMIX_RANK", "3")));
  }

  @Test
  void srunWithoutPmixIsRefused() {
    Map<String, String> pmi2 =
        Map.of("SLURM_PROCID", "3", "SLURM_STEP_NUM_TASKS", "8", "PMI_RANK", "3", "PMI_SIZE", "8");
    Refusal refusal = assertThrows(Refusal.class, () -> Launch.of(pmi2));
    assertEquals(Refusal.Reason.DEVICE, refusal.reason());
    assertTrue(refusal.getMessage().endsWith("start with srun --mpi=pmix"));
  }

  @Test
  void mpichIsRefusedByName() {
    Refusal refusal =
        assertThrows(Refusal.class, () -> Launch.of(Map.of("PMI_RANK", "0", "PMI_SIZE", "4")));
    assertEquals(Refusal.Reason.DEVICE, refusal.reason());
    assertTrue(refusal.getMessage().startsWith("MPICH's or Intel's launcher"));
    assertTrue(refusal.getMessage().contains("mpirun -np 4"));
  }

  @Test
  void whatIsNoNumberIsRefused() {
    Refusal refusal =
        assertThrows(Refusal.class, () -> Launch.of(Map.of("OMPI_COMM_WORLD_SIZE", "four")));
    assertTrue(refusal.getMessage().contains("OMPI_COMM_WORLD_SIZE is \"four\""));
  }

  @Test
  void aLibraryThatIsMissingOrAnotherMpisIsRefused() {
    Refusal missing = assertThrows(Refusal.class, () -> OpenMpi.load("libmpi.so.nobody"));
    assertTrue(missing.getMessage().startsWith("libmpi.so.nobody is not found"));
    Refusal other = assertThrows(Refusal.class, () -> OpenMpi.load("libc.so.6"));
    assertTrue(other.getMessage().startsWith("libc.so.6 is not Open MPI's: it has no ompi_"));
    assertTrue(other.getMessage().contains("openmpi-bin"));
  }
}
