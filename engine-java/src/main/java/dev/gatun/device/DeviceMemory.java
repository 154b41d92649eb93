// DeviceMemory: how much memory a device has.
package dev.gatun.device;

/**
 * @param total bytes of the device
 * @param free bytes that could be allocated now; Long.MAX_VALUE where the system does not say
 */
public record DeviceMemory(long total, long free) {}
