// ReplProgram: a conversation in a process of its own, which a test can kill.
package dev.gatun.cli;

import dev.gatun.chat.ChatOptions;
import dev.gatun.dialogue.Dialect;
import dev.gatun.dialogue.Dialogue;
import dev.gatun.engine.Engine;
import dev.gatun.load.EngineOptions;
import dev.gatun.sample.SamplingOptions;
import dev.gatun.weights.Checkpoint;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;
import org.jline.terminal.Terminal;
import org.jline.terminal.impl.DumbTerminal;

/** Reads lines from standard input; what the program tells goes to standard output. */
public final class ReplProgram {
  private ReplProgram() {}

  public static void main(String[] args) throws IOException {
    EngineOptions options = EngineOptions.defaults().withContext(256).withThreads(1);
    try (Checkpoint checkpoint = Checkpoint.open(Path.of(args[0]));
        Engine engine = Engine.load(checkpoint, options);
        Dialogue dialogue =
            new Dialogue(engine, Dialect.of(checkpoint, checkpoint.chatTemplate()));
        Terminal terminal = new DumbTerminal(System.in, new ByteArrayOutputStream());
        Prompter prompter = Prompter.on(terminal, Optional.empty())) {
      Stdio stdio =
          new Stdio(
              System.in,
              new Output(new ByteArrayOutputStream()),
              new PrintStream(System.out, true, StandardCharsets.UTF_8),
              _ -> false,
              _ -> 0,
              Map.of(),
              new Processes(Map.of(), System.err));
      new Repl(
              stdio,
              dialogue,
              checkpoint.name(),
              SamplingOptions.defaults().withTemperature(0),
              ChatOptions.defaults().withMaxTokens(6),
              new StyleArguments(),
              Optional.empty())
          .converse(prompter, Repl.Opening.EMPTY);
    }
  }
}
