// ConversationTest: what was said is kept, saved and loaded, and no other file is written over.
package dev.gatun.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.gatun.refusal.Refusal;
import dev.gatun.text.ChatTemplate.Message;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ConversationTest {
  private final Stdio stdio =
      Cli.terminal().stdio(new ByteArrayOutputStream(), new ByteArrayOutputStream());

  @TempDir Path folder;

  @Test
  void theSystemMessageIsFirstAndSurvivesClearing() {
    Conversation conversation = spoken();
    conversation.system("be brief");
    conversation.system("be kind");
    assertEquals(new Message("system", "be kind"), conversation.messages().getFirst());
    conversation.clear();
    assertEquals(List.of(new Message("system", "be kind")), conversation.messages());
    conversation.system("");
    assertEquals(List.of(), conversation.messages());
  }

  @Test
  void whatIsSavedIsLoaded() throws IOException {
    Path file = folder.resolve("c.json");
    spoken().save(file, stdio);
    spoken().save(file, stdio);
    Conversation loaded = new Conversation();
    loaded.load(file, stdio);
    assertEquals(spoken().messages(), loaded.messages());
    try (var files = Files.list(folder)) {
      assertEquals(List.of(file), files.toList());
    }
  }

  @Test
  void aFileThatIsNoConversationIsNeitherReadNorWrittenOver() throws IOException {
    Path file = Files.writeString(folder.resolve("notes.txt"), "mine");
    assertThrows(Refusal.class, () -> spoken().save(file, stdio));
    assertEquals("mine", Files.readString(file));
    Conversation conversation = spoken();
    assertThrows(Refusal.class, () -> conversation.load(file, stdio));
    assertEquals(spoken().messages(), conversation.messages());
    Path other = Files.writeString(folder.resolve("o.json"), "[{\"role\": 1}]");
    assertThrows(Refusal.class, () -> conversation.load(other, stdio));
  }

  private static Conversation spoken() {
    Conversation conversation = new Conversation();
    conversation.user("hi \"you\"");
    conversation.assistant("hello\n世界");
    return conversation;
  }
}
