// Mark: a point in a device's work that can be waited for, and whose time is known.
package dev.gatun.device;

/** Set again and again, by one thread; any may wait for it. */
public sealed interface Mark permits CpuDevice.Now, CudaMark {

  /** Puts it behind all work issued so far. */
  void set();

  /** Waits until the device has come to it. */
  void await();

  /** Nanoseconds from {@code earlier} to this one on the device's clock; both have been awaited. */
  long nanosSince(Mark earlier);
}
