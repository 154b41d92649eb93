// Conversation: questions and answers, one after another.
package dev.gatun;

import dev.gatun.chat.Answer;
import dev.gatun.chat.AnswerListener;
import dev.gatun.chat.ChatOptions;
import dev.gatun.chat.Message;
import dev.gatun.dialogue.AnswerParts;
import dev.gatun.dialogue.Dialogue;
import dev.gatun.dialogue.Prompt;
import dev.gatun.dialogue.Transcript;
import dev.gatun.refusal.Refusal;
import java.util.List;

/**
 * Remembers what was said, and keeps its part of the cache until it is closed: each question reads
 * no more than what is new. Any threads may use one; one call runs at a time and others wait for
 * it. A model may have any number of conversations; those that are open hold cache memory.
 */
public final class Conversation implements AutoCloseable {
  private final Gatun model;
  private final Dialogue dialogue;
  private final Transcript transcript = new Transcript();

  Conversation(Gatun model, Dialogue dialogue) {
    this.model = model;
    this.dialogue = dialogue;
  }

  /** What was said so far, a copy. */
  public synchronized List<Message> messages() {
    return transcript.messages();
  }

  /** Sets how the model should behave from now on; an empty text removes that. */
  public synchronized void system(String text) {
    transcript.system(text);
  }

  /** Replaces what was said by a conversation held before. */
  public synchronized void resume(List<Message> messages) {
    transcript.replace(messages);
  }

  /** Asks, and waits for the whole answer. */
  public Answer ask(String question) {
    return ask(question, ChatOptions.defaults(), AnswerListener.none());
  }

  /**
   * Asks. Question and answer become part of the conversation, an answer that was cancelled as far
   * as it had come; neither does where the call throws.
   *
   * @param listener hears the answer on this thread while it comes
   * @throws Refusal as {@link Gatun#chat(List, ChatOptions, AnswerListener)}
   */
  public synchronized Answer ask(String question, ChatOptions options, AnswerListener listener) {
    transcript.add(Message.user(question));
    try {
      Prompt prompt = dialogue.dialect().prompt(transcript.messages(), options.variables());
      AnswerParts parts = new AnswerParts(listener, false);
      Answer answer = model.answer(dialogue, prompt, options, parts, listener);
      transcript.add(answer.message());
      return answer;
    } catch (RuntimeException | Error e) {
      transcript.retract();
      throw e;
    }
  }

  /**
   * Gives its part of the cache back; an answer under way ends at the next step. May be called
   * twice, by any thread.
   */
  @Override
  public void close() {
    dialogue.close();
  }
}
