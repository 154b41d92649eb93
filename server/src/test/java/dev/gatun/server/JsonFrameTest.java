// JsonFrameTest: a framed text is the document that has it.
package dev.gatun.server;

import static org.junit.jupiter.api.Assertions.assertEquals;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.Random;
import org.junit.jupiter.api.Test;

class JsonFrameTest {
  private static ObjectNode document(String text) {
    ObjectNode document = Json.object().put("name", "é \"\\u0000\" \\");
    document.putArray("choices").addObject().put("index", 0).put("text", text).putNull("end");
    return document;
  }

  @Test
  void theDocumentHasTheText() {
    JsonFrame frame = new JsonFrame(document(JsonFrame.TEXT));
    for (String text : new String[] {"", "a", "\"", "\\", "\\u0000", "\0", "\n\t", "é", "👉 𝛼"}) {
      assertEquals(document(text), Json.parse(frame.with(text)));
    }
  }

  @Test
  void anyTextStaysWhatItIs() {
    JsonFrame frame = new JsonFrame(document(JsonFrame.TEXT));
    Random random = new Random(3);
    for (int i = 0; i < 2000; i++) {
      StringBuilder text = new StringBuilder();
      for (int length = random.nextInt(12); length > 0; length--) {
        int c = random.nextInt(random.nextBoolean() ? 128 : Character.MAX_CODE_POINT + 1);
        text.appendCodePoint(c >= 0xd800 && c < 0xe000 ? ' ' : c);
      }
      assertEquals(document(text.toString()), Json.parse(frame.with(text.toString())));
    }
  }
}
