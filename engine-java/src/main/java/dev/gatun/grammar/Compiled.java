// Compiled: the grammars that were asked for last, as matchers at the beginning of a text.
package dev.gatun.grammar;

import dev.gatun.bindings.llguidance.LlGuidance;
import dev.gatun.chat.OutputFormat;
import java.lang.foreign.MemorySegment;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;

/** Bounded, since whoever asks chooses the grammars. Guarded by its owner. */
final class Compiled {
  static final int MOST = 64;

  /** Of the grammars' texts. */
  static final int MOST_CHARACTERS = 1 << 20;

  private final Map<OutputFormat, Entry> entries = new LinkedHashMap<>(16, 0.75f, true);
  private int characters;

  private record Entry(MemorySegment matcher, int characters) {}

  /** Valid until another is put. */
  Optional<MemorySegment> matcher(OutputFormat format) {
    return Optional.ofNullable(entries.get(format)).map(Entry::matcher);
  }

  /** Takes a matcher over, and frees those that nobody asked for the longest time. */
  void put(OutputFormat format, MemorySegment matcher, int length) {
    entries.put(format, new Entry(matcher, length));
    characters += length;
    Iterator<Entry> oldest = entries.values().iterator();
    while (entries.size() > MOST || characters > MOST_CHARACTERS && entries.size() > 1) {
      free(oldest.next());
      oldest.remove();
    }
  }

  int size() {
    return entries.size();
  }

  void clear() {
    entries.values().forEach(this::free);
    entries.clear();
  }

  private void free(Entry entry) {
    LlGuidance.llg_free_matcher(entry.matcher);
    characters -= entry.characters;
  }
}
