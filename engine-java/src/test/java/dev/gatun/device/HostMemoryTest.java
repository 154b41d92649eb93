// HostMemoryTest: what may be allocated in the machine and in its containers, on made trees of
// /proc and /sys.
package dev.gatun.device;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class HostMemoryTest {
  private static final long MIB = 1L << 20;

  /** As of a machine of 16 GiB, 12 of them available. */
  private static final DeviceMemory MACHINE = new DeviceMemory(16384 * MIB, 12288 * MIB);

  private static final String V2 =
      "31 23 0:28 / /sys/fs/cgroup rw,nosuid shared:4 - cgroup2 cgroup2 rw,nsdelegate";
  private static final String V1 =
      "35 31 0:32 / /sys/fs/cgroup/memory rw,relatime shared:9 - cgroup cgroup rw,memory";
  private static final String OTHERS =
      """
      23 1 8:1 / / rw,relatime - ext4 /dev/vda1 rw
      32 31 0:29 / /sys/fs/cgroup/cpu,cpuacct rw - cgroup cgroup rw,cpu,cpuacct
      """;

  @TempDir Path root;

  @BeforeEach
  void machine() throws IOException {
    write("proc/meminfo", "MemTotal:       16777216 kB\nMemAvailable:   12582912 kB\n");
  }

  private void write(String file, String text) throws IOException {
    Path path = root.resolve(file);
    Files.createDirectories(path.getParent());
    Files.writeString(path, text);
  }

  private void mounted(String groups, String... mounts) throws IOException {
    write("proc/self/cgroup", groups);
    write("proc/self/mountinfo", OTHERS + String.join("\n", mounts) + "\n");
  }

  /** A group of version 2, sizes in MiB. */
  private void v2(String group, String max, long used, String stat) throws IOException {
    String folder = "sys/fs/cgroup" + group;
    write(folder + "/memory.max", max.equals("max") ? "max\n" : mib(max));
    write(folder + "/memory.current", mib(String.valueOf(used)));
    write(folder + "/memory.stat", stat);
  }

  /** A group of version 1, sizes in MiB. */
  private void v1(String group, long limit, long used, String stat) throws IOException {
    String folder = "sys/fs/cgroup/memory" + group;
    write(folder + "/memory.limit_in_bytes", mib(String.valueOf(limit)));
    write(folder + "/memory.usage_in_bytes", mib(String.valueOf(used)));
    write(folder + "/memory.use_hierarchy", "1\n");
    write(folder + "/memory.stat", stat);
  }

  private static String mib(String count) {
    return Long.parseLong(count) * MIB + "\n";
  }

  private void holds(long totalMib, long freeMib) {
    assertEquals(new DeviceMemory(totalMib * MIB, freeMib * MIB), HostMemory.under(root));
  }

  @Test
  void withoutGroupsItIsTheMachines() throws IOException {
    assertEquals(MACHINE, HostMemory.under(root));
    Files.delete(root.resolve("proc/meminfo"));
    assertEquals(new DeviceMemory(Long.MAX_VALUE, Long.MAX_VALUE), HostMemory.under(root));
  }

  @Test
  void thisMachineHasSome() {
    DeviceMemory memory = HostMemory.ofMachine();
    assertTrue(memory.total() < Long.MAX_VALUE && memory.free() > 0, memory.toString());
    assertTrue(memory.free() <= memory.total(), memory.toString());
  }

  @Test
  void aContainerOfVersion2SeesItsOwnGroupAsTheRoot() throws IOException {
    mounted("0::/\n", V2);
    v2("", "4096", 3072, "anon 1\nfile 1\n");
    holds(4096, 1024);
  }

  @Test
  void whatTheKernelDropsWhenAskedIsFree() throws IOException {
    mounted("0::/\n", V2);
    String stat = "anon %d\nfile %d\ninactive_file %d\nactive_file %d\nslab_reclaimable %d\n";
    long[] mib = {1024, 2048, 512, 256, 64};
    for (long size : mib) {
      stat = stat.replaceFirst("%d", String.valueOf(size * MIB));
    }
    v2("", "4096", 3072, stat);
    holds(4096, 1024 + 512 + 256 + 64);
    v2("", "4096", 100, stat); // counted at another moment
    holds(4096, 4096);
  }

  @Test
  void theTightestOfTheGroupsAboveCounts() throws IOException {
    mounted("0::/user.slice/a.scope\n", V2);
    v2("/user.slice/a.scope", "max", 10, "");
    v2("/user.slice", "2048", 1948, "");
    v2("", "8192", 2048, "");
    holds(2048, 100);
    v2("/user.slice/a.scope", "1000", 10, "");
    holds(1000, 100);
    v2("/user.slice/b.scope", "1", 1, ""); // not of this process
    holds(1000, 100);
  }

  @Test
  void aGroupThatIsSlowedDownAboveALimitIsLimited() throws IOException {
    mounted("0::/a\n", V2);
    v2("/a", "4096", 1024, "");
    write("sys/fs/cgroup/a/memory.high", mib("3072"));
    holds(3072, 2048);
    write("sys/fs/cgroup/a/memory.high", "max\n");
    holds(4096, 3072);
  }

  @Test
  void aGroupOfVersion1CountsItsPageCacheAsFree() throws IOException {
    mounted("9:name=systemd:/\n4:hugetlb,memory:/docker/ab\n2:cpu,cpuacct:/x\n", V1);
    String stat = "cache 9\ninactive_file 1\ntotal_inactive_file " + 300 * MIB + "\n";
    v1("/docker/ab", 2048, 1024, stat);
    holds(2048, 1324);
    v1("/docker", 1024, 1000, "");
    holds(1024, 24);
  }

  @Test
  void aGroupAboveThatCountsNoOthersDoesNotLimit() throws IOException {
    mounted("4:memory:/docker/ab\n", V1);
    v1("/docker/ab", 2048, 1024, "");
    v1("/docker", 1024, 1000, "");
    write("sys/fs/cgroup/memory/docker/memory.use_hierarchy", "0\n");
    holds(2048, 1024);
  }

  @Test
  void aContainerOfVersion1HasTheHostsPathAndItsOwnGroupMounted() throws IOException {
    mounted("4:memory:/docker/ab\n", V1.replace(" / ", " /docker/ab "));
    v1("", 2048, 1024, "");
    holds(2048, 1024);
    write("proc/self/cgroup", "4:memory:/docker/ab/inner\n");
    v1("/inner", 512, 12, "");
    holds(512, 500);
  }

  @Test
  void ofTwoTreesTheOneWithMemoryCounts() throws IOException {
    String unified = V2.replace("/sys/fs/cgroup", "/sys/fs/cgroup/unified");
    mounted("4:memory:/a\n1:cpu:/\n0::/b\n", unified, V1);
    write("sys/fs/cgroup/unified/b/cgroup.procs", "1\n");
    v1("/a", 2048, 1024, "");
    holds(2048, 1024);
  }

  @Test
  void theMachineMayHaveLessThanTheGroupAllows() throws IOException {
    mounted("0::/a\n", V2);
    v2("/a", "16000", 1000, "");
    holds(16000, 12288);
    mounted("4:memory:/a\n", V1);
    write("sys/fs/cgroup/memory/a/memory.limit_in_bytes", "9223372036854771712\n");
    write("sys/fs/cgroup/memory/a/memory.usage_in_bytes", "1\n");
    assertEquals(MACHINE, HostMemory.under(root));
  }

  @Test
  void aGroupThatHasMoreThanItsLimitLeavesNothing() throws IOException {
    mounted("0::/a\n", V2);
    v2("/a", "1000", 1001, "");
    holds(1000, 0);
    v2("/a", "0", 0, "");
    holds(0, 0);
  }

  @ParameterizedTest
  @ValueSource(strings = {"/../../elsewhere", "/gone", "", "/a/../a", "relative"})
  void aPathThatIsNotToBeSeenIsItsNearestGroupAbove(String path) throws IOException {
    mounted("0::" + path + "\n", V2);
    v2("", "4096", 1024, "");
    v2("/a", "max", 1, "");
    holds(4096, 3072);
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "max", "\n", "much", "-1", "1e9", "99999999999999999999"})
  void aLimitThatIsNoneLimitsNothing(String limit) throws IOException {
    mounted("0::/\n", V2);
    write("sys/fs/cgroup/memory.max", limit);
    write("sys/fs/cgroup/memory.current", "5\n");
    assertEquals(MACHINE, HostMemory.under(root));
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "max", "much"})
  void aLimitCountsWhereTheUseIsNotTold(String used) throws IOException {
    mounted("0::/\n", V2);
    write("sys/fs/cgroup/memory.max", mib("1024"));
    write("sys/fs/cgroup/memory.current", used);
    write("sys/fs/cgroup/memory.stat", "inactive_file\ninactive_file x\n\n");
    holds(1024, 1024);
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "a", "a - b", " - ", "1 2 3 4 5 - cgroup2", "1 2 - cgroup2 c rw"})
  void linesThatMountNothingAreSkipped(String line) throws IOException {
    mounted("0::/\nnonsense\n:\n", line, V2);
    v2("", "4096", 1024, "");
    holds(4096, 3072);
  }

  @Test
  void aPlaceWithASpaceIsFound() throws IOException {
    mounted("0::/\n", V2.replace("/sys/fs/cgroup", "/a\\040b\\134c"));
    write("a b\\c/memory.max", mib("1024"));
    write("a b\\c/memory.current", mib("24"));
    holds(1024, 1000);
  }
}
