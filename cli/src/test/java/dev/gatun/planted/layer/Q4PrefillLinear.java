// Q4PrefillLinear: planted violation; a number format and a phase in a layer's name.
package dev.gatun.planted.layer;

final class Q4PrefillLinear {}
