/**
 * The C header {@code bindings/include/gatun/kernels.h} as jextract wrote it. Never edited; made by:
 *
 * <pre>scripts/bind</pre>
 *
 * which runs {@code jextract --target-package dev.gatun.bindings --header-class-name Kernels} for the names that begin
 * with {@code gk_} or {@code GK_}.
 */
package dev.gatun.bindings;
