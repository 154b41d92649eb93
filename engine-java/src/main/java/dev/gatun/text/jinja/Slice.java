// Slice: the three bounds between brackets; null is an absent one.
package dev.gatun.text.jinja;

record Slice(Object start, Object stop, Object step) {}
