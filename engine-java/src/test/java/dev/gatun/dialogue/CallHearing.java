// CallHearing: an answer's text through a tool form, in pieces, and what a listener hears of it.
package dev.gatun.dialogue;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;

import dev.gatun.chat.AnswerListener;
import dev.gatun.chat.Message;
import dev.gatun.chat.Tool;
import dev.gatun.chat.ToolCall;
import dev.gatun.chat.ToolOptions;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

final class CallHearing implements AnswerListener {
  final List<String> names = new ArrayList<>();
  final List<String> ids = new ArrayList<>();
  final List<StringBuilder> arguments = new ArrayList<>();
  final StringBuilder text = new StringBuilder();
  final StringBuilder thinking = new StringBuilder();
  Message message;

  /** A call by name and arguments; its id is any. */
  record Called(String name, String arguments) {}

  @Override
  public void text(String piece) {
    assertFalse(piece.isEmpty());
    text.append(piece);
  }

  @Override
  public void thinking(String piece) {
    thinking.append(piece);
  }

  @Override
  public void toolCall(int index, String id, String name) {
    assertEquals(names.size(), index);
    names.add(name);
    ids.add(id);
    arguments.add(new StringBuilder());
  }

  @Override
  public void toolArguments(int index, String piece) {
    assertEquals(names.size() - 1, index, "only the last call goes on");
    assertFalse(piece.isEmpty());
    arguments.get(index).append(piece);
  }

  static CallHearing hear(ToolForm form, List<Tool> tools, String... pieces) {
    return hear("", form, tools, pieces);
  }

  static CallHearing hear(String prompt, ToolForm form, List<Tool> tools, String... pieces) {
    CallHearing hearing = new CallHearing();
    ToolOptions options = ToolOptions.of(tools.toArray(Tool[]::new));
    CallSplitter calls =
        new CallSplitter(Optional.of(form), options, new AnswerParts(hearing, false));
    ThinkSplitter splitter = new ThinkSplitter(prompt, calls);
    for (String piece : pieces) {
      splitter.push(piece);
    }
    splitter.finish();
    calls.finish();
    String opening = ThinkSplitter.opensThinking(prompt) ? ThinkSplitter.OPEN + "\n" : "";
    hearing.message = calls.message(opening);
    return hearing;
  }

  /** What was heard; the message has the same. */
  List<Called> calls() {
    List<Called> heard = new ArrayList<>();
    for (int i = 0; i < names.size(); i++) {
      heard.add(new Called(names.get(i), arguments.get(i).toString()));
    }
    assertEquals(
        heard, message.toolCalls().stream().map(c -> new Called(c.name(), c.arguments())).toList());
    assertEquals(ids, message.toolCalls().stream().map(ToolCall::id).toList());
    assertEquals(ids.size(), ids.stream().distinct().count());
    return heard;
  }
}
