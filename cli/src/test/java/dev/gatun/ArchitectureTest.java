// ArchitectureTest: the engine keeps to its package map, and the map's rules catch what breaks
// them.
package dev.gatun;

import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.lang.ArchRule;
import java.util.List;
import org.junit.jupiter.api.Test;

class ArchitectureTest {
  private static final PackageMap MAP = new PackageMap("dev.gatun");
  private static final JavaClasses ENGINE =
      new ClassFileImporter()
          .withImportOption(new ImportOption.DoNotIncludeTests())
          .importPackages("dev.gatun");

  private static final PackageMap PLANTED_MAP = new PackageMap("dev.gatun.planted");
  private static final JavaClasses PLANTED =
      new ClassFileImporter().importPackages("dev.gatun.planted");

  @Test
  void theEngineWasFound() {
    for (String name :
        List.of(
            "device.DType",
            "refusal.Refusal",
            "bindings.Kernels",
            "bindings.mpi.Mpi",
            "bindings.llguidance.LlGuidance")) {
      assertTrue(ENGINE.contain("dev.gatun." + name), name);
    }
    assertFalse(ENGINE.contain("dev.gatun.ArchitectureTest"));
  }

  @Test
  void arrowsPointDown() {
    MAP.arrowsPointDown().check(ENGINE);
  }

  @Test
  void onlyDeviceAndOpSeeTheKernels() {
    MAP.onlyDeviceAndOpSeeTheKernels().check(ENGINE);
  }

  @Test
  void onlyRanksSeeMpi() {
    MAP.onlyRanksSeeMpi().check(ENGINE);
  }

  @Test
  void onlyGrammarSeesLlguidance() {
    MAP.onlyGrammarSeesLlguidance().check(ENGINE);
  }

  @Test
  void onlyDeviceSeesCuda() {
    MAP.onlyDeviceSeesCuda().check(ENGINE);
  }

  @Test
  void onlyTheCommandLinePrints() {
    MAP.onlyTheCommandLinePrints().check(ENGINE);
  }

  @Test
  void nobodyLogs() {
    MAP.nobodyLogs().check(ENGINE);
  }

  @Test
  void modelsNameNoFormatAndNoPhase() {
    MAP.modelsNameNoFormatAndNoPhase().check(ENGINE);
  }

  @Test
  void everyFormatNamesItsLocale() {
    LocaleRule.everyFormatNamesItsLocale().check(ENGINE);
  }

  @Test
  void anArrowUpIsCaught() {
    assertCaught(PLANTED_MAP.arrowsPointDown(), "kv.LooksUp");
  }

  @Test
  void aPackageOffTheMapIsCaught() {
    assertCaught(PLANTED_MAP.arrowsPointDown(), "stray.Unmapped is on no map");
  }

  @Test
  void aCallOfTheKernelsIsCaught() {
    assertCaught(PLANTED_MAP.onlyDeviceAndOpSeeTheKernels(), "text.Talks.talk()");
    assertCaught(PLANTED_MAP.onlyDeviceAndOpSeeTheKernels(), "ranks.Gathers.multiply()");
  }

  @Test
  void aCallOfMpiIsCaught() {
    assertCaught(PLANTED_MAP.onlyRanksSeeMpi(), "text.Talks.gather()");
    String report = PLANTED_MAP.onlyRanksSeeMpi().evaluate(PLANTED).getFailureReport().toString();
    assertFalse(report.contains("ranks.Gathers"), report);
  }

  @Test
  void aCallOfLlguidanceIsCaught() {
    assertCaught(PLANTED_MAP.onlyGrammarSeesLlguidance(), "text.Talks.mask()");
  }

  @Test
  void aCallOfCudaIsCaught() {
    assertCaught(PLANTED_MAP.onlyDeviceSeesCuda(), "text.Talks.copy()");
  }

  @Test
  void printingIsCaught() {
    assertCaught(PLANTED_MAP.onlyTheCommandLinePrints(), "gets field <java.lang.System.out>");
    assertCaught(PLANTED_MAP.onlyTheCommandLinePrints(), "gets field <java.lang.System.err>");
  }

  @Test
  void loggingIsCaught() {
    assertCaught(PLANTED_MAP.nobodyLogs(), "java.util.logging.Logger");
    assertCaught(PLANTED_MAP.nobodyLogs(), "printStackTrace");
  }

  @Test
  void aFormatInALayersNameIsCaught() {
    assertCaught(PLANTED_MAP.modelsNameNoFormatAndNoPhase(), "layer.Q4PrefillLinear");
  }

  @Test
  void aFormatInTheMachinesLocaleIsCaught() {
    ArchRule rule = LocaleRule.everyFormatNamesItsLocale();
    for (String way : List.of("format", "formatted", "printf", "lower", "upper", "reference")) {
      assertCaught(rule, "text.Speaks." + way + "(");
    }
    String report = rule.evaluate(PLANTED).getFailureReport().toString();
    assertFalse(report.contains("text.Speaks.allowed("), report);
  }

  private static void assertCaught(ArchRule rule, String part) {
    String report = rule.evaluate(PLANTED).getFailureReport().toString();
    assertTrue(report.contains(part), report);
  }
}
