// module-info: the functions of the kernels, MPI and llguidance, for the engine alone.

/** The functions of the kernels, MPI and llguidance as jextract makes them of their headers; no interface for programs. */
@SuppressWarnings("module") // the engine is built after it
module dev.gatun.bindings {
  exports dev.gatun.bindings to
      dev.gatun;
  exports dev.gatun.bindings.llguidance to
      dev.gatun;
  exports dev.gatun.bindings.mpi to
      dev.gatun;
}
