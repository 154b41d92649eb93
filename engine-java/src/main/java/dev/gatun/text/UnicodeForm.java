// UnicodeForm: the normalization forms by the Unicode version that tokenizers were trained with.
package dev.gatun.text;

import java.text.Normalizer;
import java.util.BitSet;

/**
 * Hugging Face's tokenizers library normalizes by the tables of Unicode 10, and the models have
 * learnt what it makes. The JDK's tables are newer; what has come to combine, compose or decompose
 * since Unicode 10 is therefore left as it stands.
 */
final class UnicodeForm {
  // Ranges in hexadecimal: characters with a decomposition or combining class that Unicode 10 did
  // not know, and the parts of their compositions.
  private static final String LATER =
      "7FD 897-89F 8CA-8D3 9FE C3C D3B-D3C EBA 1715 1ABF-1ACE 1DF6-1DFA 32FF A7F2-A7F4 A82C AB69"
          + " 105C9 105D2 105DA 105E4 10781-10785 10787-107B0 107B2-107BA 10D24-10D27 10D69-10D6D"
          + " 10EAB-10EAC 10EFD-10EFF 10F46-10F50 10F82-10F85 11070 1133B 11383 11385 1138E 11391"
          + " 113B8 113BB 113C2 113C5 113C7-113C9 113CE-113D0 1145E 11839-1183A 11930 11938"
          + " 1193D-1193E 11943 119E0 11A34 11A47 11A99 11D42 11D44-11D45 11D97 11F41-11F42"
          + " 1611E-16129 1612F 16D67-16D6A 16FF0-16FF1 1CCD6-1CCF9 1E030-1E06D 1E08F 1E130-1E136"
          + " 1E2AE 1E2EC-1E2EF 1E4EC-1E4EF 1E5EE-1E5EF 1F16C 1FBF0-1FBF9";

  // Below U+0300 nothing composes and below U+0080 nothing decomposes; most text needs no look at
  // the tables.
  private static final int FIRST_COMPOSING = 0x300;
  private static final int FIRST_DECOMPOSING = 0x80;

  // Read only once a text has a character that might be in it.
  private static final class Later {
    static final BitSet CHARACTERS = new BitSet(0x20000);

    static {
      for (String range : LATER.split(" ")) {
        int dash = range.indexOf('-');
        int first = Integer.parseInt(dash < 0 ? range : range.substring(0, dash), 16);
        CHARACTERS.set(first, 1 + Integer.parseInt(range.substring(dash + 1), 16));
      }
    }
  }

  private UnicodeForm() {}

  static String apply(Normalizer.Form form, String text) {
    int plain = form == Normalizer.Form.NFC ? FIRST_COMPOSING : FIRST_DECOMPOSING;
    int done = 0;
    while (done < text.length() && text.charAt(done) < plain) {
      done++;
    }
    if (done == text.length()) {
      return text;
    }
    StringBuilder normal = new StringBuilder(text.length());
    done = 0;
    for (int at = 0; at < text.length(); ) {
      int c = text.codePointAt(at);
      int end = at + Character.charCount(c);
      if (Later.CHARACTERS.get(c)) {
        normal.append(Normalizer.normalize(text.substring(done, at), form)).append(text, at, end);
        done = end;
      }
      at = end;
    }
    return normal.append(Normalizer.normalize(text.substring(done), form)).toString();
  }
}
