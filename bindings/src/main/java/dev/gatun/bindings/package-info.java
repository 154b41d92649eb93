/** The C header {@code bindings/include/gatun/kernels.h} as jextract wrote it; see {@code scripts/bind}. */
package dev.gatun.bindings;
