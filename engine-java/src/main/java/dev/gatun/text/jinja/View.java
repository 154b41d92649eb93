// View: what a dict's keys(), values() and items() return: elements without positions.
package dev.gatun.text.jinja;

import java.util.List;

/**
 * @param kind {@code dict_keys}, {@code dict_values} or {@code dict_items}
 */
record View(String kind, List<?> items) {}
