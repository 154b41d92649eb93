// StyleArguments: how an answer looks.
package dev.gatun.cli;

import java.util.function.IntSupplier;
import picocli.CommandLine.Option;

final class StyleArguments {
  @Option(names = "--hide-thinking", description = "Leave a reasoning model's thinking out.")
  boolean hideThinking;

  @Option(names = "--no-color", description = "No colours and no dimming; so does NO_COLOR.")
  boolean noColor;

  boolean styled(Stdio stdio) {
    return !noColor && stdio.outStyled();
  }

  AnswerWriter writer(Stdio stdio) {
    IntSupplier columns = stdio.outIsTerminal() ? stdio::outColumns : () -> 0;
    return new AnswerWriter(stdio.out(), styled(stdio), hideThinking, columns);
  }
}
