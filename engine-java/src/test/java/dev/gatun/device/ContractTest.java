// ContractTest: header and checked-in bindings say the same.
package dev.gatun.device;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.gatun.bindings.Kernels;
import java.io.IOException;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.GroupLayout;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.PaddingLayout;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

class ContractTest {
  private static final Pattern FUNCTION =
      Pattern.compile("^(?:int32_t|const char \\*)\\s*(gk_\\w+)\\(([^)]*)\\);", Pattern.MULTILINE);
  private static final Pattern STRUCT =
      Pattern.compile("typedef struct (gk_\\w+) \\{(.*?)\\} \\1;", Pattern.DOTALL);
  private static final Pattern FIELD =
      Pattern.compile("^\\s*([\\w ]+?[ *]+)(\\w+);", Pattern.MULTILINE);
  private static final Pattern CONSTANT = Pattern.compile("(?:#define )?(GK_\\w+)(?: =)? (-?\\d+)");

  private static String header() throws IOException {
    return Files.readString(Path.of("../bindings/include/gatun/kernels.h"));
  }

  @Test
  void functionsAgree() throws Exception {
    Map<String, List<Integer>> expected = new TreeMap<>();
    Matcher function = FUNCTION.matcher(header());
    while (function.find()) {
      expected.put(function.group(1), parameterSizes(function.group(2)));
    }
    Library.require();
    Map<String, List<Integer>> found = new TreeMap<>();
    for (var method : Kernels.class.getMethods()) {
      if (method.getName().matches("gk_\\w+\\$descriptor")) {
        String name = method.getName().replace("$descriptor", "");
        found.put(name, sizes(((FunctionDescriptor) method.invoke(null)).argumentLayouts()));
      }
    }
    assertEquals(expected, found);
    assertTrue(expected.size() >= 30, "the header's functions were not recognised");
  }

  @Test
  void structsAgree() throws Exception {
    Matcher struct = STRUCT.matcher(header());
    int structs = 0;
    while (struct.find()) {
      structs++;
      List<String> expected = new ArrayList<>();
      List<Integer> expectedSizes = new ArrayList<>();
      Matcher field = FIELD.matcher(struct.group(2).replaceAll("(?s)/\\*.*?\\*/", ""));
      while (field.find()) {
        expected.add(field.group(2));
        expectedSizes.add(size(field.group(1)));
      }
      GroupLayout layout =
          (GroupLayout)
              Class.forName("dev.gatun.bindings." + struct.group(1))
                  .getMethod("layout")
                  .invoke(null);
      List<MemoryLayout> members =
          layout.memberLayouts().stream().filter(m -> !(m instanceof PaddingLayout)).toList();
      assertEquals(expected, members.stream().map(m -> m.name().orElseThrow()).toList());
      assertEquals(expectedSizes, sizes(members));
      assertEquals(
          layout.byteSize(),
          expectedSizes.stream().mapToInt(Integer::intValue).sum(),
          struct.group(1) + " has padding");
    }
    assertEquals(9, structs);
  }

  @Test
  void constantsAgree() throws Exception {
    Matcher constant = CONSTANT.matcher(header());
    int constants = 0;
    while (constant.find()) {
      constants++;
      Object value = Kernels.class.getMethod(constant.group(1)).invoke(null);
      assertEquals(Integer.valueOf(constant.group(2)), value, constant.group(1));
    }
    assertTrue(constants >= 30, "the header's constants were not recognised");
  }

  @Test
  void numberFormatsAgree() throws Exception {
    for (DType dtype : DType.values()) {
      assertEquals(Kernels.class.getMethod("GK_" + dtype.name()).invoke(null), dtype.id());
    }
  }

  private static List<Integer> parameterSizes(String parameters) {
    if (parameters.equals("void")) {
      return List.of();
    }
    return Arrays.stream(parameters.split(","))
        .map(parameter -> size(parameter.trim()))
        .collect(Collectors.toList());
  }

  private static List<Integer> sizes(List<MemoryLayout> layouts) {
    return layouts.stream().map(layout -> (int) layout.byteSize()).collect(Collectors.toList());
  }

  private static int size(String declaration) {
    if (declaration.contains("*")
        || declaration.startsWith("int64_t")
        || declaration.startsWith("double")) {
      return 8;
    }
    assertTrue(
        declaration.startsWith("int32_t") || declaration.startsWith("float"),
        "a type that may not cross: " + declaration);
    return 4;
  }
}
