// CancellationTest: each action runs once, whenever the cancellation comes.
package dev.gatun.chat;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.gatun.chat.Cancellation.Registration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class CancellationTest {
  private final List<String> ran = new ArrayList<>();

  @Test
  void whatIsRegisteredRunsOnce() {
    Cancellation cancellation = new Cancellation();
    try (Registration _ = cancellation.onCancel(() -> ran.add("gone"))) {
      assertFalse(cancellation.isCancelled());
    }
    try (Registration _ = cancellation.onCancel(() -> ran.add("before"))) {
      cancellation.cancel();
      cancellation.cancel();
    }
    assertTrue(cancellation.isCancelled());
    try (Registration _ = cancellation.onCancel(() -> ran.add("after"))) {
      assertEquals(List.of("before", "after"), ran);
    }
  }

  @Test
  void everybodysCannotBeCancelled() {
    assertThrows(IllegalStateException.class, () -> Cancellation.never().cancel());
    assertFalse(Cancellation.never().isCancelled());
  }
}
