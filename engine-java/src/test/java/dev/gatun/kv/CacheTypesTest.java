// CacheTypesTest: the names of the cache's types, and which heads they suit.
package dev.gatun.kv;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.gatun.device.DType;
import dev.gatun.device.Device;
import dev.gatun.device.DeviceChoice;
import dev.gatun.refusal.Refusal;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class CacheTypesTest {
  @ParameterizedTest
  @CsvSource({
    "f32, F32",
    "f16, F16",
    "bf16, BF16",
    "f8, F8",
    "fp8, F8",
    "fp8_e4m3, F8",
    "q8_0, Q8_0",
    "Q4_0, Q4_0",
    "turbo4, TURBO4",
    "turbo3, TURBO3"
  })
  void namesAreRead(String name, DType type) {
    assertEquals(new CacheTypes(type, type), CacheTypes.parse(name));
    assertEquals(CacheTypes.parse(name), CacheTypes.parse(CacheTypes.parse(name).toString()));
    assertEquals(new CacheTypes(type, DType.F16), CacheTypes.parse(name + ",f16"));
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "q5_1", "f16,", ",f16", "f16,f16,f16", "q8_0;f16"})
  void otherNamesAreRefused(String name) {
    Refusal refusal = assertThrows(Refusal.class, () -> CacheTypes.parse(name));
    assertEquals(Refusal.Reason.USAGE, refusal.reason());
  }

  @Test
  void aHeadThatIsNotWholeBlocksIsRefused() {
    try (Device device = Device.open(DeviceChoice.cpu())) {
      assertEquals(
          2 * 32 * 80 * 4,
          CacheShape.of(device, 1, 2, 80, 0, CacheTypes.parse("bf16,bf16")).pageBytes());
      Refusal keys = assertThrows(Refusal.class, () -> shapeOf80(device, "q8_0,f16"));
      assertTrue(keys.getMessage().contains("keys in q8_0"), keys.getMessage());
      Refusal values = assertThrows(Refusal.class, () -> shapeOf80(device, "f8,q4_0"));
      assertTrue(values.getMessage().contains("-ctv f8"), values.getMessage());
    }
  }

  @Test
  void bytesAreTheDevices() {
    try (Device device = Device.open(DeviceChoice.cpu())) {
      for (String types : new String[] {"f16,f8", "q8_0,turbo3", "turbo4,q4_0", "turbo3,f32"}) {
        CacheTypes cache = CacheTypes.parse(types);
        for (int headDim : new int[] {32, 96, 128}) {
          assertEquals(
              2L * Device.pageTokens() * cache.headBytes(headDim, false),
              CacheShape.of(device, 1, 2, headDim, 0, cache).pageBytes(),
              types);
        }
      }
      assertEquals(3.125, CacheTypes.parse("turbo3").bits(128, false));
    }
  }

  private static CacheShape shapeOf80(Device device, String types) {
    return CacheShape.of(device, 1, 2, 80, 0, CacheTypes.parse(types));
  }
}
