// ArchitecturesTest: widths of latents that no kernel takes are refused as the model's.
package dev.gatun.model;

import static org.junit.jupiter.api.Assertions.assertDoesNotThrow;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.gatun.refusal.Refusal;
import dev.gatun.weights.AttentionConfig;
import java.util.Optional;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ArchitecturesTest {
  private static AttentionConfig latent(int latent, int turned) {
    return new AttentionConfig.Latent(2, Optional.empty(), latent, 16, turned, 16, false);
  }

  @ParameterizedTest
  @CsvSource({"512, 64", "64, 16", "512, 128", "32, 128"})
  void takesWhatKernelsTake(int latent, int turned) {
    assertDoesNotThrow(() -> Architectures.refuseWidths(latent(latent, turned)));
  }

  @ParameterizedTest
  @CsvSource({"48, 16", "544, 64", "512, 24", "64, 144"})
  void refusesOtherWidths(int latent, int turned) {
    Refusal refusal =
        assertThrows(Refusal.class, () -> Architectures.refuseWidths(latent(latent, turned)));
    assertEquals(Refusal.Reason.MODEL, refusal.reason());
  }
}
