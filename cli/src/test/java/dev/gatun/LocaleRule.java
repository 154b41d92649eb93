// LocaleRule: what is written does not depend on the language of the machine, as a rule ArchUnit
// can
// check.
package dev.gatun;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;

import com.tngtech.archunit.base.DescribedPredicate;
import com.tngtech.archunit.core.domain.AccessTarget;
import com.tngtech.archunit.core.domain.JavaAccess;
import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaCodeUnit;
import com.tngtech.archunit.lang.ArchRule;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.stream.Stream;

/**
 * Numbers with a comma or with Arabic digits, and a Turkish lower case, are errors in tables that
 * programs read, in files, and in names that are looked up.
 */
final class LocaleRule {
  /** What asks for the default locale and has no overload that is given one. */
  private static final Set<String> NO_OVERLOAD =
      Set.of(
          "java.lang.String.formatted",
          "java.util.Locale.getDefault",
          "java.util.Scanner.<init>",
          "java.text.DecimalFormat.<init>",
          "java.text.MessageFormat.format");

  private LocaleRule() {}

  /**
   * Calls and method references of what has the default locale in its result. The bindings are
   * jextract's output, and print where they trace.
   */
  static ArchRule everyFormatNamesItsLocale() {
    return noClasses()
        .that()
        .resideOutsideOfPackage("dev.gatun.bindings..")
        .should()
        .accessTargetWhere(
            new DescribedPredicate<>("the default locale is used") {
              @Override
              public boolean test(JavaAccess<?> access) {
                return access.getTarget() instanceof AccessTarget.CodeUnitAccessTarget called
                    && usesDefaultLocale(called);
              }
            })
        .allowEmptyShould(true);
  }

  private static boolean usesDefaultLocale(AccessTarget.CodeUnitAccessTarget called) {
    JavaClass owner = called.getOwner();
    String name = called.getName();
    if (NO_OVERLOAD.contains(owner.getName() + "." + name)) {
      return true;
    }
    List<String> parameters = names(called.getRawParameterTypes());
    return !parameters.contains(Locale.class.getName())
        && Stream.concat(owner.getAllMethods().stream(), owner.getConstructors().stream())
            .filter(other -> other.getName().equals(name))
            .anyMatch(other -> isWithLocale(other, parameters));
  }

  /** Whether {@code other} takes {@code parameters} and a locale before or after them. */
  private static boolean isWithLocale(JavaCodeUnit other, List<String> parameters) {
    List<String> all = new ArrayList<>(names(other.getRawParameterTypes()));
    return all.remove(Locale.class.getName()) && all.equals(parameters);
  }

  private static List<String> names(List<JavaClass> types) {
    return types.stream().map(JavaClass::getName).toList();
  }
}
