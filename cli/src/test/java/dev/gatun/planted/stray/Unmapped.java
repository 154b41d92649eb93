// Unmapped: planted violation; a package the map does not have.
package dev.gatun.planted.stray;

final class Unmapped {}
