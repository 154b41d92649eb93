// Transport: by what way bytes come from one device to another.
package dev.gatun.load;

import java.util.Locale;

/** Users ask for one by {@code --exchange}. */
public enum Transport {
  /** Through host memory, pinned where there is a GPU; between processes by MPI. */
  HOST,
  /** GPUs of one process copy from each other's memory. */
  PEER,
  /** GPUs of several processes, by NVIDIA's library. */
  NCCL;

  /** Whether what is exchanged lies in the devices' memory. */
  boolean isOnDevices() {
    return this != HOST;
  }

  @Override
  public String toString() {
    return name().toLowerCase(Locale.ROOT);
  }
}
