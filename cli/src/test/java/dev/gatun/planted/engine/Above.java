// Above: what a lower package must not reach for.
package dev.gatun.planted.engine;

public final class Above {}
