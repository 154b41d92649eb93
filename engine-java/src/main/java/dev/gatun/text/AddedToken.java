// AddedToken: a token matched in the text itself, before it is cut into words.
package dev.gatun.text;

/**
 * @param id its id
 * @param content the text it matches
 * @param singleWord matches only where no word character touches it
 * @param leftStrip takes in the white space before it
 * @param rightStrip takes in the white space after it
 * @param normalized matches normalized text, in its own normalized form
 * @param special marks structure rather than text; left out of plain decoding
 */
record AddedToken(
    int id,
    String content,
    boolean singleWord,
    boolean leftStrip,
    boolean rightStrip,
    boolean normalized,
    boolean special) {
  /** A token that matches its very text anywhere. */
  static AddedToken verbatim(int id, String content, boolean special) {
    return new AddedToken(id, content, false, false, false, false, special);
  }
}
