// DecoderTest: layers that keep keys and values have a cache each, the others none.
package dev.gatun.layer;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.gatun.device.Device;
import dev.gatun.device.DeviceChoice;
import dev.gatun.weights.Checkpoint;
import dev.gatun.weights.Parameters;
import java.lang.foreign.Arena;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class DecoderTest {
  private static final Attention ATTENTION = (graph, x, table) -> x;

  private static void decoder(Attention.Choice attention) {
    try (Device device = Device.open(DeviceChoice.cpu().withThreads(1));
        Arena arena = Arena.ofShared();
        Checkpoint checkpoint = Checkpoint.synthetic("qwen2.5-0.5b:layers=3:type=q8_0")) {
      Parameters parameters = new Parameters(checkpoint, device, arena);
      Decoder.of(parameters, attention, layer -> (graph, x) -> x);
    }
  }

  @Test
  void cachesAreHandedOutInOrder() {
    List<Integer> handedOut = new ArrayList<>();
    decoder(
        (layer, caches) -> {
          assertEquals(layer, handedOut.size());
          handedOut.add(caches.getAsInt());
          return ATTENTION;
        });
    assertEquals(List.of(0, 1, 2), handedOut);
  }

  @Test
  void asManyAreTakenAsMemoryIsPlannedFor() {
    List<Integer> handedOut = new ArrayList<>();
    IllegalStateException refused =
        assertThrows(
            IllegalStateException.class,
            () ->
                decoder(
                    (layer, caches) -> {
                      if (layer != 1) {
                        handedOut.add(caches.getAsInt());
                      }
                      return ATTENTION;
                    }));
    assertEquals(List.of(0, 1), handedOut, "a layer that does not ask takes none");
    assertEquals("2 layers took a cache, memory is planned for 3", refused.getMessage());
  }
}
