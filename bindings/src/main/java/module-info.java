// module-info: the kernels' and MPI's functions, for the engine alone.

/** The kernels' and MPI's functions as jextract makes them of their headers; no interface for programs. */
@SuppressWarnings("module") // the engine is built after it
module dev.gatun.bindings {
  exports dev.gatun.bindings to
      dev.gatun;
  exports dev.gatun.bindings.mpi to
      dev.gatun;
}
