// Steps: the bound programs of an engine, one for each shape of step.
package dev.gatun.engine;

import dev.gatun.device.Buffer;
import dev.gatun.device.Device;
import dev.gatun.graph.Program;
import dev.gatun.graph.Step;
import dev.gatun.kv.PagePool;
import dev.gatun.model.Model;
import java.lang.foreign.Arena;
import java.util.LinkedHashMap;
import java.util.Map;

/** All programs share one slab, laid out for the largest step. */
final class Steps implements AutoCloseable {
  private static final int KEPT_PROGRAMS = 32;

  private final Model model;
  private final EngineOptions options;
  private final StepPlans plans;
  private final Program.Place place;
  private final Map<Shape, Program> programs = new LinkedHashMap<>(16, 0.75f, true);

  private record Shape(int tokens, int logitRows, boolean draws) {}

  Steps(
      Model model,
      EngineOptions options,
      StepPlans plans,
      Device device,
      PagePool pool,
      Arena arena) {
    this.model = model;
    this.options = options;
    this.plans = plans;
    Buffer slab = device.allocate("the activations", plans.bytes(), arena);
    place = new Program.Place(device, slab, pool::cache);
  }

  /** The program of a step's shape, built on first use. */
  Program program(Step step) {
    Shape shape = new Shape(step.tokens(), step.logitRows(), step.draws());
    Program known = programs.get(shape);
    if (known != null) {
      return known;
    }
    if (programs.size() == KEPT_PROGRAMS) {
      var oldest = programs.entrySet().iterator();
      oldest.next().getValue().close();
      oldest.remove();
    }
    StepGraph built = StepGraph.of(model, step, options.compute(), plans.crossover());
    Program program = new Program(built.graph(), built.logits(), plans.of(step), place);
    programs.put(shape, program);
    return program;
  }

  @Override
  public void close() {
    programs.values().forEach(Program::close);
    programs.clear();
  }
}
