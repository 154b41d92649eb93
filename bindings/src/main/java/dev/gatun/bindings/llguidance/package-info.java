/**
 * What of llguidance the engine calls, as jextract wrote it of {@code bindings/grammar/llguidance.h}. Never edited; made
 * by:
 *
 * <pre>scripts/bind</pre>
 *
 * Its functions are found once the library is loaded.
 */
package dev.gatun.bindings.llguidance;
