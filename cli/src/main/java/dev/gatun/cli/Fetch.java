// Fetch: downloads a model into the cache folder and says where it lies.
package dev.gatun.cli;

import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

@Command(
    name = "fetch",
    sortOptions = false,
    abbreviateSynopsis = true,
    description = {
      "Fetch a model (-hf REPO or --demo) into the cache folder and print its path; what is there"
          + " already is not fetched again.",
      ""
    })
final class Fetch implements Callable<Integer> {
  @Mixin ModelArgument model;
  @Mixin StandardOptions standard;

  private final Stdio stdio;

  Fetch(Stdio stdio) {
    this.stdio = stdio;
  }

  @Override
  public Integer call() {
    stdio.out().println(model.path(stdio).toString());
    return 0;
  }
}
