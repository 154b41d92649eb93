// Utf8ListTest: texts in one array are the texts that went in.
package dev.gatun.weights;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

class Utf8ListTest {

  @Test
  void malformedBytesAreReadAsJavaReadsThem() {
    // Bytes at every border of table 3-7 of the Unicode standard, in all sorts of company.
    int[] borders = {0, 0x7F, 0x80, 0x8F, 0x90, 0x9F, 0xA0, 0xBF, 0xC0, 0xC1, 0xC2, 0xDF, 0xE0};
    int[] more = {0xE1, 0xEC, 0xED, 0xEE, 0xEF, 0xF0, 0xF1, 0xF3, 0xF4, 0xF5, 0xFF, 'a', 'b'};
    Random random = new Random(7);
    Utf8List.Builder builder = new Utf8List.Builder(0);
    List<String> expected = new ArrayList<>();
    for (int i = 0; i < 200_000; i++) {
      byte[] bytes = new byte[random.nextInt(6)];
      for (int at = 0; at < bytes.length; at++) {
        int pick = random.nextInt(borders.length + more.length);
        bytes[at] = (byte) (pick < borders.length ? borders[pick] : more[pick - borders.length]);
      }
      builder.add(bytes, 0, bytes.length);
      expected.add(new String(bytes, StandardCharsets.UTF_8));
    }
    assertEquals(expected, builder.build());
  }

  @Test
  void textsOfEveryLengthOfCharacterComeBack() {
    List<String> texts = List.of("", "a", "é", "中", "𐍈👍", "", "a\u07FF\u0800\uFFFF\uDBFF\uDFFF");
    Utf8List list = Utf8List.of(texts);
    assertEquals(texts, list);
    assertSame(list, Utf8List.of(list));
    for (int i = 0; i < texts.size(); i++) {
      assertEquals(
          texts.get(i).getBytes(StandardCharsets.UTF_8).length, list.end(i) - list.start(i));
    }
  }

  @Test
  void loneSurrogatesAreNoCharacters() {
    assertEquals(
        List.of("a\uFFFDb", "\uFFFD\uFFFD", "\uFFFD"),
        Utf8List.of(List.of("a\uD800b", "\uDC00\uD800", "\uDBFF")));
  }
}
