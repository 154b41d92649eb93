// Isa: the instruction sets of the CPU back end.
package dev.gatun.device;

import dev.gatun.refusal.Refusal;
import java.util.Locale;

/**
 * Instruction sets, with the value of {@code gk_isa} in kernels.h; each is a superset of the one
 * before.
 */
public enum Isa {
  /** The widest this machine has. */
  BEST(0),
  PLAIN(1),
  AVX2(2),
  AVX512(3),
  AVX512_VNNI(4);

  private final int id;

  Isa(int id) {
    this.id = id;
  }

  int id() {
    return id;
  }

  static Isa of(int id) {
    for (Isa isa : values()) {
      if (isa.id == id) {
        return isa;
      }
    }
    throw Refusal.device("libgatun.so names the unknown instruction set " + id, "rebuild it", null);
  }

  /** Reads {@code avx512-vnni}, {@code avx2} and so on; Refusal.usage on anything else. */
  public static Isa parse(String text) {
    for (Isa isa : values()) {
      if (isa.toString().equals(text.toLowerCase(Locale.ROOT))) {
        return isa;
      }
    }
    throw Refusal.usage(
        "no instruction set '" + text + "'", "use best, plain, avx2, avx512 or avx512-vnni");
  }

  @Override
  public String toString() {
    return name().toLowerCase(Locale.ROOT).replace('_', '-');
  }
}
