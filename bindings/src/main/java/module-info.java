// module-info: the kernels' functions, for the engine alone.

/** The kernels' functions as jextract makes them of their header; no interface for programs. */
@SuppressWarnings("module") // the engine is built after it
module dev.gatun.bindings {
  exports dev.gatun.bindings to
      dev.gatun;
}
