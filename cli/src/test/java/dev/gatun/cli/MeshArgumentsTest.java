// MeshArgumentsTest: what is said of several devices holds, or is refused before a model is opened.
package dev.gatun.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class MeshArgumentsTest {

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          --devices cuda:0,cuda:1 -t 2     | -t says nothing of GPUs; leave it out
          --devices cuda:0,cuda:1 --isa avx2 | --isa says nothing of GPUs; leave it out
          --devices cpu,cpu --no-graphs    | no graph is recorded over several devices; drop --no-graphs
          --devices cpu,cpu -ngl all       | -ngl and --devices each say what is on a GPU; drop -ngl
          --devices cpu,cpu --device cpu   | --device and --devices; give one of them
          --devices sim:0x1G,cpu           | there is no device 'sim:0x1G'; use --device auto, cpu, cpu:0-3, numa:0, cuda or cuda:N (gatun devices)
          --devices cpu:0,cpu:0 -t 2       | -t, and devices that have a thread for each of their processors; leave it out
          --devices cpu:0,cpu:3-1          | '3-1' names no processors; name them as 0-3, or 0-3+8-11
          --devices cpu:0,cpu:0+           | '0+' names no processors; name them as 0-3, or 0-3+8-11
          --devices cpu:0,numa:9999        | there is no NUMA node 9999; see /sys/devices/system/node for those of this machine
          --devices cpu,cpu -sm none       | --split-mode none, and several devices; name one
          --devices cpu -sm tensor         | --split-mode says how several devices share a model; name them with --devices, or start several processes with mpirun
          --devices cpu --placement p.json | --placement says which experts several devices hold; name them with --devices, or start several processes with mpirun
          """)
  void whatSaysNothingIsRefused(String options, String line) {
    String[] words = ("run -m nothing.gguf -p x " + options.strip()).split(" +");
    assertEquals("gatun: " + line, Cli.terminal().run(words).refused(2).strip());
  }

  @ParameterizedTest
  @CsvSource({"-sm,tensor,--split-mode says how", "--placement,p.json,--placement says which"})
  void oneCardIsNotShared(String option, String value, String begin) {
    String line =
        Cli.terminal()
            .run("plan", "--synthetic", "qwq-32b", "--vram", "24G", option, value)
            .refused(2);
    assertEquals("gatun: " + begin, line.substring(0, ("gatun: " + begin).length()));
  }

  @Test
  void devicesThatShareProcessorsAreTold() {
    String[] words = {"run", "-m", "nothing.gguf", "-p", "x", "--devices", "cpu:0,cpu:0,cpu"};
    String told = Cli.terminal().run(words).err();
    assertEquals("cpu:0 and cpu:0 share processor 0", told.lines().findFirst().orElseThrow());
  }

  @Test
  void aPlanIsOneProcessesWork() {
    Map<String, String> second = Map.of("OMPI_COMM_WORLD_SIZE", "2", "OMPI_COMM_WORLD_RANK", "1");
    assertEquals(
        "gatun: gatun plan is one process's work; start it without mpirun, and name --devices",
        Cli.environment(second).run("plan", "--synthetic", "qwq-32b").refused(2).strip());
  }
}
