// Repl: a conversation at a terminal.
package dev.gatun.cli;

import dev.gatun.chat.ChatOptions;
import dev.gatun.chat.FinishReason;
import dev.gatun.chat.Message;
import dev.gatun.cli.ConversationFile.Saved;
import dev.gatun.cli.ConversationFile.State;
import dev.gatun.dialogue.Dialogue;
import dev.gatun.dialogue.Prompt;
import dev.gatun.dialogue.Transcript;
import dev.gatun.refusal.Refusal;
import dev.gatun.sample.SamplingOptions;
import java.nio.file.Path;
import java.util.Optional;
import java.util.function.BooleanSupplier;
import org.jline.reader.EndOfFileException;
import org.jline.reader.UserInterruptException;
import picocli.CommandLine.ParameterException;

/** Reads a message or a command, does it, and goes on whatever came of it. */
final class Repl {
  private final Stdio stdio;
  private final Dialogue dialogue;
  private final String model;
  private final StyleArguments style;
  private final Transcript transcript = new Transcript();
  private ChatOptions limits;
  private SamplingOptions sampling;
  private Optional<Dialogue.Reply> last = Optional.empty();

  /**
   * How a conversation begins.
   *
   * @param message the first one, where it is known already
   * @param oneTurn whether one answer ends it
   */
  record Opening(Optional<String> message, boolean oneTurn) {
    static final Opening EMPTY = new Opening(Optional.empty(), false);
  }

  /**
   * @param model its name
   */
  Repl(
      Stdio stdio,
      Dialogue dialogue,
      String model,
      SamplingOptions sampling,
      ChatOptions limits,
      StyleArguments style,
      Optional<String> system) {
    this.stdio = stdio;
    this.dialogue = dialogue;
    this.model = model;
    this.limits = limits;
    this.sampling = sampling;
    this.style = style;
    system.ifPresent(transcript::system);
  }

  /** Talks until the person leaves; returns the exit code. */
  int converse(Prompter prompter, Opening opening) {
    say("Ask something; /help lists the commands, Ctrl-D leaves.");
    opening.message().ifPresent(message -> attempt(() -> answer(message, prompter)));
    boolean leaving = false; // Ctrl-C was pressed at an empty prompt
    while (true) {
      try {
        String line = prompter.read();
        leaving = false;
        if (!handle(line, prompter) || (opening.oneTurn() && last.isPresent())) {
          return 0;
        }
      } catch (UserInterruptException e) {
        if (leaving && e.getPartialLine().isEmpty()) {
          return Refusal.Reason.INTERRUPTED.exitCode();
        }
        leaving = e.getPartialLine().isEmpty();
        if (leaving) {
          say("press Ctrl-C again, or Ctrl-D, to leave");
        }
      } catch (EndOfFileException e) {
        return 0;
      }
    }
  }

  /** False where the person wants to leave. */
  private boolean handle(String line, Prompter prompter) {
    if (line.startsWith("/")) {
      return attempt(() -> command(line.strip()));
    }
    return line.isBlank() || attempt(() -> answer(line, prompter));
  }

  /** True, telling why, where it is refused. */
  private boolean attempt(BooleanSupplier action) {
    try {
      return action.getAsBoolean();
    } catch (Refusal refusal) {
      if (refusal.reason() == Refusal.Reason.DEVICE) {
        throw refusal; // a device that failed answers nothing more
      }
      say(refusal.getMessage());
      return true;
    }
  }

  private boolean answer(String line, Prompter prompter) {
    transcript.add(Message.user(line));
    Dialogue.Reply reply;
    AnswerWriter writer = style.writer(stdio);
    try (Prompter.Watch watch = prompter.watchInterrupts()) {
      Prompt prompt = dialogue.dialect().prompt(transcript.messages(), limits.variables());
      ChatOptions options = limits.withCancellation(watch.cancellation());
      reply = dialogue.answer(prompt, sampling, options, writer);
      transcript.add(reply.message());
    } catch (Refusal refusal) {
      transcript.retract();
      throw refusal;
    } finally {
      writer.finish();
    }
    last = Optional.of(reply);
    if (reply.finish() == FinishReason.CONTEXT_FULL) {
      say(
          "the context of "
              + dialogue.engine().longestSequence()
              + " tokens is full; /clear starts anew");
    }
    say(StatsLine.of(reply));
    return true;
  }

  private boolean command(String line) {
    String[] words = line.split("\\s+", 2);
    String rest = words.length > 1 ? words[1] : "";
    switch (words[0]) {
      case "/help", "/?" -> say(ReplHelp.TEXT);
      case "/clear" -> {
        transcript.clear();
        say("forgotten, but for the system message");
      }
      case "/system" -> {
        transcript.system(rest);
        say(rest.isEmpty() ? "no system message" : "system message set");
      }
      case "/save" -> {
        save(ReplHelp.file(rest, "/save"));
        say("saved to " + rest);
      }
      case "/load" -> {
        load(ReplHelp.file(rest, "/load"));
        say("loaded " + transcript.messages().size() + " messages");
      }
      case "/set" -> {
        sampling = set(rest);
        say("set");
      }
      case "/stats" -> stats();
      case "/exit", "/quit", "/bye" -> {
        return false;
      }
      default ->
          say(
              "no command "
                  + words[0]
                  + "; /help lists them, a blank before the slash makes it a message");
    }
    return true;
  }

  private void save(Path file) {
    State state = State.of(ModelIdentity.of(model, dialogue), sampling, limits);
    Saved saved = new Saved(transcript.messages(), limits.variables(), Optional.of(state));
    ConversationFile.save(file, saved, stdio);
  }

  /** Changes nothing where it is refused. */
  private void load(Path file) {
    Saved saved = ConversationFile.load(file, stdio);
    if (saved.state().isPresent()) {
      State state = saved.state().get();
      ModelIdentity here = ModelIdentity.of(model, dialogue);
      state.model().requireSame(here, file);
      if (!state.model().arithmetic().equals(here.arithmetic())) {
        say("it was held with " + state.model().arithmetic() + ": other words may follow");
      }
      limits = state.over(limits).withVariables(saved.variables());
      sampling = state.sampling();
    } else if (!saved.variables().isEmpty()) {
      limits = limits.withVariables(saved.variables());
    }
    transcript.replace(saved.messages());
  }

  private SamplingOptions set(String words) {
    try {
      return ReplHelp.sampling(words).over(sampling, dialogue.dialect());
    } catch (ParameterException e) {
      throw Refusal.usage("/set: " + e.getMessage(), "write for example /set temp 0.7");
    }
  }

  private void stats() {
    last.ifPresent(reply -> say(StatsLine.of(reply)));
    say(
        "context "
            + dialogue.length()
            + " of "
            + dialogue.engine().longestSequence()
            + " tokens · weights "
            + Amount.bytes(dialogue.engine().weightBytes())
            + " · cache "
            + Amount.bytes(dialogue.engine().cacheBytes())
            + " of "
            + dialogue.engine().options().cacheTypes()
            + " · "
            + dialogue.engine().device().name());
  }

  // The conversation is on standard output; what the program says of itself is not part of it.
  private void say(String text) {
    stdio.out().flush();
    stdio.tell(text);
  }
}
