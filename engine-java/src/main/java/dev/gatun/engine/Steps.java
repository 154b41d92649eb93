// Steps: the bound programs of an engine, one for each shape of step.
package dev.gatun.engine;

import dev.gatun.device.Buffer;
import dev.gatun.device.DType;
import dev.gatun.device.Device;
import dev.gatun.graph.Graph;
import dev.gatun.graph.MemoryPlan;
import dev.gatun.graph.Program;
import dev.gatun.graph.Step;
import dev.gatun.graph.Tensor;
import dev.gatun.kv.PagePool;
import dev.gatun.model.Model;
import java.lang.foreign.Arena;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * All programs share one slab, laid out for the largest step: a smaller step of the same structure
 * has the same tensors, none larger, so it takes the same offsets.
 */
final class Steps implements AutoCloseable {
  private static final int KEPT_PROGRAMS = 32;

  private final Model model;
  private final EngineOptions options;
  private final MemoryPlan planOfAllRows;
  private final MemoryPlan planOfSomeRows;
  private final Program.Place place;
  private final Map<Shape, Program> programs = new LinkedHashMap<>(16, 0.75f, true);

  private record Shape(int tokens, int logitRows) {}

  private record Built(Graph graph, Tensor logits) {}

  Steps(
      Model model,
      EngineOptions options,
      StepBuilder builder,
      Device device,
      PagePool pool,
      Arena arena) {
    this.model = model;
    this.options = options;
    int tokens = options.stepTokens();
    int rows = Math.min(tokens, options.logitRows());
    Built ofAllRows = build(builder.shape(rows, rows));
    planOfAllRows = MemoryPlan.of(ofAllRows.graph, ofAllRows.logits);
    planOfSomeRows =
        plan(builder.shape(Math.max(tokens, 2), Math.min(rows, Math.max(tokens, 2) - 1)));
    Buffer slab =
        device.allocate(
            "the activations", Math.max(planOfAllRows.bytes(), planOfSomeRows.bytes()), arena);
    long logits = DType.F32.bytes((long) rows * ofAllRows.logits.cols());
    place = new Program.Place(device, slab, device.view("the logits", logits, arena), pool::cache);
  }

  /** The program of a step's shape, built on first use. */
  Program program(Step step) {
    Shape shape = new Shape(step.tokens(), step.logitRows());
    Program known = programs.get(shape);
    if (known != null) {
      return known;
    }
    if (programs.size() == KEPT_PROGRAMS) {
      var oldest = programs.entrySet().iterator();
      oldest.next().getValue().close();
      oldest.remove();
    }
    Built built = build(step);
    MemoryPlan plan = step.keepsAllRows() ? planOfAllRows : planOfSomeRows;
    Program program = new Program(built.graph, built.logits, plan, place);
    programs.put(shape, program);
    return program;
  }

  private MemoryPlan plan(Step step) {
    Built built = build(step);
    return MemoryPlan.of(built.graph, built.logits);
  }

  private Built build(Step step) {
    Graph graph = new Graph(step, options.compute());
    Tensor logits = model.logits(graph);
    graph.fuse();
    return new Built(graph, logits);
  }

  @Override
  public void close() {
    programs.values().forEach(Program::close);
    programs.clear();
  }
}
