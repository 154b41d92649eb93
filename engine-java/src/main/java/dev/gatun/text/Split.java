// Split: cuts text at the matches of a pattern.
package dev.gatun.text;

import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * @param pattern the delimiter
 * @param behavior what becomes of a delimiter
 * @param inverted what the pattern does not match is the delimiter
 */
record Split(Pattern pattern, Behavior behavior, boolean inverted) implements PreTokenizer.Step {
  /** What becomes of a delimiter; for '-' in "the-final--countdown": */
  enum Behavior {
    /** the, final, countdown. */
    REMOVED,
    /** the, -, final, -, -, countdown. */
    ISOLATED,
    /** the-, final-, -, countdown. */
    MERGED_WITH_PREVIOUS,
    /** the, -final, -, -countdown. */
    MERGED_WITH_NEXT,
    /** the, -, final, --, countdown. */
    CONTIGUOUS
  }

  private record Part(int start, int end, boolean delimiter) {
    Part upTo(Part last) {
      return new Part(start, last.end, delimiter);
    }
  }

  static Split isolated(Pattern pattern) {
    return new Split(pattern, Behavior.ISOLATED, false);
  }

  @Override
  public Consumer<String> before(Consumer<String> next) {
    Matcher matcher = pattern.matcher("");
    return text -> {
      if (behavior == Behavior.ISOLATED) {
        isolate(matcher.reset(text), text, next);
      } else {
        for (Part part : arranged(parts(matcher.reset(text), text))) {
          next.accept(text.substring(part.start, part.end));
        }
      }
    };
  }

  private static void isolate(Matcher matcher, String text, Consumer<String> next) {
    int done = 0;
    while (matcher.find()) {
      if (matcher.start() > done) {
        next.accept(text.substring(done, matcher.start()));
      }
      if (matcher.end() > matcher.start()) {
        next.accept(matcher.group());
      }
      done = matcher.end();
    }
    if (done < text.length()) {
      next.accept(text.substring(done));
    }
  }

  private List<Part> parts(Matcher matcher, String text) {
    List<Part> parts = new ArrayList<>();
    int done = 0;
    while (matcher.find()) {
      if (matcher.start() > done) {
        parts.add(new Part(done, matcher.start(), inverted));
      }
      if (matcher.end() > matcher.start()) {
        parts.add(new Part(matcher.start(), matcher.end(), !inverted));
      }
      done = matcher.end();
    }
    if (done < text.length()) {
      parts.add(new Part(done, text.length(), inverted));
    }
    return parts;
  }

  private List<Part> arranged(List<Part> parts) {
    List<Part> kept = new ArrayList<>();
    boolean merged = false; // whether the last of kept already took in a neighbour that it may take only one of
    for (Part part : parts) {
      Part last = kept.isEmpty() ? null : kept.getLast();
      boolean joins =
          last != null
              && switch (behavior) {
                case REMOVED, ISOLATED -> false;
                case CONTIGUOUS -> part.delimiter == last.delimiter;
                case MERGED_WITH_PREVIOUS -> part.delimiter && !last.delimiter && !merged;
                case MERGED_WITH_NEXT -> !part.delimiter && last.delimiter && !merged;
              };
      if (joins) {
        kept.set(kept.size() - 1, last.upTo(part));
        merged = true;
      } else if (behavior != Behavior.REMOVED || !part.delimiter) {
        kept.add(part);
        merged = false;
      }
    }
    return kept;
  }
}
