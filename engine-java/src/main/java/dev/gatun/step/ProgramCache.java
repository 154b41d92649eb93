// ProgramCache: the bound programs of a model, one for each shape of step.
package dev.gatun.step;

import dev.gatun.graph.Compute;
import dev.gatun.graph.Program;
import dev.gatun.graph.StepShape;
import dev.gatun.model.Model;
import java.util.LinkedHashMap;

/** All programs share one slab; those used longest ago are forgotten. For one thread. */
final class ProgramCache implements AutoCloseable {
  private static final int MOST = 64;

  /** Where ranks have rows of their own: a shape is of the rows of each. */
  private static final int MOST_OF_RANKS = 256;

  private final Model model;
  private final Compute compute;
  private final StepPlans plans;
  private final Program.Memory memory;
  private final LinkedHashMap<StepShape, Program> programs = new LinkedHashMap<>(16, 0.75f, true);

  ProgramCache(Model model, Compute compute, StepPlans plans, Program.Memory memory) {
    this.model = model;
    this.compute = compute;
    this.plans = plans;
    this.memory = memory;
  }

  /** The program of a shape, built on first use. */
  Program of(StepShape shape) {
    Program known = programs.get(shape);
    if (known != null) {
      return known;
    }
    if (programs.size() == (shape.ranks().isPresent() ? MOST_OF_RANKS : MOST)) {
      programs.pollFirstEntry().getValue().close();
    }
    StepGraph built = StepGraph.of(model, shape, compute, plans.crossover());
    Program program = new Program(built.graph(), built.logits(), plans.of(built), memory);
    programs.put(shape, program);
    return program;
  }

  @Override
  public void close() {
    programs.values().forEach(Program::close);
    programs.clear();
  }
}
