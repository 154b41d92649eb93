// CallSplitter: tells an answer's tool calls from its text while it streams in.
package dev.gatun.dialogue;

import dev.gatun.chat.Message;
import dev.gatun.chat.ToolCall;
import dev.gatun.chat.ToolOptions;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * Thinking holds no calls. The blanks around calls are no text; all else that is no call is. Keeps
 * the answer as the conversation's next message. For one answer and one thread.
 */
public final class CallSplitter implements ThinkSplitter.Sink {
  private final ThinkSplitter.Sink sink;
  private final Optional<CallReader> reader;
  private final boolean parallel;
  private final StringBuilder said = new StringBuilder(); // all but the calls
  private final List<Call> calls = new ArrayList<>();
  private final Set<String> ids = new HashSet<>();

  private final StringBuilder text = new StringBuilder(); // to be passed on with this piece
  private final StringBuilder arguments = new StringBuilder(); // the same
  private final StringBuilder gap = new StringBuilder(); // dropped where a call follows
  private boolean afterCall;
  private boolean full;

  private record Call(String id, String name, StringBuilder arguments) {}

  /**
   * @param form how the model writes calls; empty where the answer has none to look for
   */
  public CallSplitter(Optional<ToolForm> form, ToolOptions tools, ThinkSplitter.Sink sink) {
    this.sink = sink;
    this.reader = form.map(known -> known.reader(tools.tools(), new Parts()));
    this.parallel = tools.parallel();
  }

  @Override
  public void accept(ThinkSplitter.Part part, String piece) {
    if (part != ThinkSplitter.Part.ANSWER || reader.isEmpty()) {
      pass(part, piece);
      return;
    }
    for (int i = 0; i < piece.length() && !full; i++) {
      reader.get().push(piece.charAt(i));
    }
    flush();
  }

  /** The answer is over. */
  public void finish() {
    if (reader.isPresent() && !full) {
      reader.get().finish();
      if (calls.isEmpty() || !gap.toString().isBlank()) {
        text.append(gap);
      }
    }
    flush();
  }

  /** Whether the answer may have one call, and has it: what follows is not looked at. */
  public boolean isFull() {
    return full;
  }

  public boolean hasCalls() {
    return !calls.isEmpty();
  }

  /** All that was said but the calls. */
  String said() {
    return said.toString();
  }

  /**
   * The answer as a message.
   *
   * @param opening what the prompt had of it already
   */
  public Message message(String opening) {
    List<ToolCall> whole =
        calls.stream().map(c -> new ToolCall(c.id, c.name, c.arguments.toString())).toList();
    return new Message("assistant", opening + said, "", whole, Optional.empty());
  }

  private void pass(ThinkSplitter.Part part, String piece) {
    said.append(piece);
    sink.accept(part, piece);
  }

  private void flush() {
    if (!text.isEmpty()) {
      String piece = text.toString();
      text.setLength(0);
      pass(ThinkSplitter.Part.ANSWER, piece);
    }
    if (!arguments.isEmpty()) {
      String piece = arguments.toString();
      arguments.setLength(0);
      calls.getLast().arguments.append(piece);
      sink.arguments(calls.size() - 1, piece);
    }
  }

  private String newId(String written) {
    String id = written;
    while (id.isEmpty() || !ids.add(id)) {
      id = Ids.next("call_");
    }
    return id;
  }

  /** Gathers what the reader finds in one piece. */
  private final class Parts implements CallReader.Sink {
    @Override
    public void text(char c) {
      if (Character.isWhitespace(c)) {
        gap.append(c);
        return;
      }
      afterCall = false;
      text.append(gap).append(c);
      gap.setLength(0);
    }

    @Override
    public void wrapper(String marker) {
      gap.append(marker);
    }

    @Override
    public boolean afterCall() {
      return afterCall && gap.toString().isBlank();
    }

    @Override
    public void closed() {
      gap.setLength(0);
    }

    @Override
    public void call(String id, String name) {
      gap.setLength(0);
      flush();
      afterCall = false;
      calls.add(new Call(newId(id), name, new StringBuilder()));
      sink.call(calls.size() - 1, calls.getLast().id, name);
    }

    @Override
    public void arguments(CharSequence piece) {
      arguments.append(piece);
    }

    @Override
    public void end() {
      flush();
      afterCall = true;
      full = !parallel;
    }
  }
}
