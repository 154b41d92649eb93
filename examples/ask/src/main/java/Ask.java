// Ask: one question to the demo model, answered as it comes.

import dev.gatun.Gatun;
import dev.gatun.chat.Answer;
import dev.gatun.chat.ChatOptions;
import dev.gatun.chat.Message;
import java.util.List;

public class Ask {
  public static void main(String[] args) {
    try (Gatun model = Gatun.open(Gatun.DEMO)) {
      List<Message> messages = List.of(Message.user("Why is the sky blue?"));
      ChatOptions options = ChatOptions.defaults().withTemperature(0).withMaxTokens(16);
      Answer answer = model.chat(messages, options, System.out::print);
      System.out.println();
      System.err.println(answer.finish() + ", " + answer.usage());
    }
  }
}
