/**
 * What of Open MPI's {@code mpi.h} ranks call, as jextract wrote it. Never edited; made by:
 *
 * <pre>scripts/bind</pre>
 *
 * The class loads {@code libmpi.so.40} when it is first used.
 */
package dev.gatun.bindings.mpi;
