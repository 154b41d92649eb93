// PackageMap: the packages of the engine and which of them may use which, as rules ArchUnit can
// check.
package dev.gatun;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;

import com.tngtech.archunit.base.DescribedPredicate;
import com.tngtech.archunit.core.domain.Dependency;
import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaMethodCall;
import com.tngtech.archunit.lang.ArchCondition;
import com.tngtech.archunit.lang.ArchRule;
import com.tngtech.archunit.lang.ConditionEvents;
import com.tngtech.archunit.lang.SimpleConditionEvent;
import java.util.List;

/**
 * The rules for the packages under {@code root}. The root is a parameter so that the rules can be
 * shown to catch what is planted under another one.
 */
record PackageMap(String root) {
  /**
   * From the user down: a package, with those inside it, uses only itself and what stands after it.
   */
  private static final List<String> DOWNWARD =
      List.of(
          "cli",
          "server",
          "", // the root itself
          "verify",
          "dialogue",
          "engine",
          "load",
          "step",
          "grammar",
          "text",
          "chat",
          "sample",
          "model",
          "layer",
          "graph",
          "op",
          "weights",
          "kv",
          "shard",
          "ranks",
          "device",
          "hub",
          "bindings",
          "refusal");

  private static final String FORMAT_OR_PHASE =
      ".*(Q\\d|Int\\d|B?[Ff]p?16|[Ff]p?32|[Ff]p8|Awq|Gptq|Prefill|Decode(?!r)).*";

  ArchRule arrowsPointDown() {
    return classes()
        .that()
        .resideInAPackage(root + "..")
        .should(useOnlyWhatStandsBelow())
        .allowEmptyShould(true);
  }

  ArchRule onlyDeviceAndOpSeeTheKernels() {
    return noClasses()
        .that()
        .resideOutsideOfPackages(root + ".device..", root + ".op..", root + ".bindings..")
        .should()
        .dependOnClassesThat()
        .resideInAPackage(root + ".bindings")
        .allowEmptyShould(true);
  }

  ArchRule onlyRanksSeeMpi() {
    return noClasses()
        .that()
        .resideOutsideOfPackages(root + ".ranks..", root + ".bindings.mpi..")
        .should()
        .dependOnClassesThat()
        .resideInAPackage(root + ".bindings.mpi..")
        .allowEmptyShould(true);
  }

  ArchRule onlyGrammarSeesLlguidance() {
    return noClasses()
        .that()
        .resideOutsideOfPackages(root + ".grammar..", root + ".bindings.llguidance..")
        .should()
        .dependOnClassesThat()
        .resideInAPackage(root + ".bindings.llguidance..")
        .allowEmptyShould(true);
  }

  ArchRule onlyDeviceSeesCuda() {
    return noClasses()
        .that()
        .resideOutsideOfPackage(root + ".device..")
        .should()
        .dependOnClassesThat()
        .resideInAPackage("org.bytedeco..")
        .allowEmptyShould(true);
  }

  /** Besides jextract's tracing. */
  ArchRule onlyTheCommandLinePrints() {
    return noClasses()
        .that()
        .resideOutsideOfPackages(root + ".cli..", root + ".bindings..")
        .should()
        .accessField(System.class, "out")
        .orShould()
        .accessField(System.class, "err")
        .allowEmptyShould(true);
  }

  ArchRule nobodyLogs() {
    return noClasses()
        .should()
        .dependOnClassesThat()
        .resideInAPackage("java.util.logging..")
        .orShould()
        .callMethodWhere(
            new DescribedPredicate<>("a stack trace is printed") {
              @Override
              public boolean test(JavaMethodCall call) {
                return call.getTarget().getName().equals("printStackTrace");
              }
            })
        .allowEmptyShould(true);
  }

  ArchRule modelsNameNoFormatAndNoPhase() {
    return noClasses()
        .that()
        .resideInAnyPackage(root + ".model..", root + ".layer..")
        .should()
        .haveNameMatching(FORMAT_OR_PHASE)
        .allowEmptyShould(true);
  }

  private ArchCondition<JavaClass> useOnlyWhatStandsBelow() {
    return new ArchCondition<>("use only what stands below: " + String.join(", ", DOWNWARD)) {
      @Override
      public void check(JavaClass from, ConditionEvents events) {
        if (rank(from) < 0) {
          events.add(SimpleConditionEvent.violated(from, from.getName() + " is on no map"));
        }
        for (Dependency dependency : from.getDirectDependenciesFromSelf()) {
          JavaClass to = dependency.getTargetClass().getBaseComponentType();
          if (rank(to) < rank(from) && isMapped(to)) {
            events.add(SimpleConditionEvent.violated(dependency, dependency.getDescription()));
          }
        }
      }
    };
  }

  private boolean isMapped(JavaClass type) {
    return (type.getPackageName() + ".").startsWith(root + ".");
  }

  /** Place in the map, 0 at the top; -1 for a package that is not in it. */
  private int rank(JavaClass type) {
    String below =
        type.getPackageName()
            .substring(Math.min(root.length() + 1, type.getPackageName().length()));
    return DOWNWARD.indexOf(below.split("\\.")[0]);
  }
}
