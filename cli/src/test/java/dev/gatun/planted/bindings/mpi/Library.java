// Library: stands for MPI's bindings in the planted violations.
package dev.gatun.planted.bindings.mpi;

public final class Library {
  private Library() {}

  public static void call() {}
}
