// RankedMerges: the merges that follow from the ids of a vocabulary which lists none.
package dev.gatun.text;

import java.util.function.IntPredicate;

/**
 * Any two tokens merge where a third spells both, and its id is the rank: so tiktoken encodes
 * (https://github.com/openai/tiktoken, src/lib.rs), whose files list tokens alone.
 *
 * @param special tells the ids that no merge makes
 */
record RankedMerges(Vocabulary vocabulary, IntPredicate special) implements Merges {
  @Override
  public int rank(int left, int right) {
    int id = vocabulary.findJoined(left, right);
    return id < 0 || special.test(id) ? NONE : id;
  }

  @Override
  public int product(int rank) {
    return rank;
  }
}
