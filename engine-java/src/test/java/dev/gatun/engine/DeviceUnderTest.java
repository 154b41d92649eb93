// DeviceUnderTest: the device that whole models are tested on.
package dev.gatun.engine;

import dev.gatun.device.DeviceChoice;

/**
 * The CPU, or what {@code -Dgatun.device} names. Tests tagged {@code anyDevice} are run on each,
 * those tagged {@code cpu} or {@code emulated} on that one alone.
 */
final class DeviceUnderTest {
  private DeviceUnderTest() {}

  static DeviceChoice choice() {
    return DeviceChoice.cpu().named(System.getProperty("gatun.device", "cpu"));
  }
}
