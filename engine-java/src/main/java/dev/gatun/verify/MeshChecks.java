// MeshChecks: a model over two ranks of one device computes the bits that it computes on one.
package dev.gatun.verify;

import dev.gatun.device.DeviceChoice;
import dev.gatun.engine.Engine;
import dev.gatun.engine.Session;
import dev.gatun.load.Batching;
import dev.gatun.load.EngineOptions;
import dev.gatun.load.Mesh;
import dev.gatun.refusal.Refusal;
import dev.gatun.shard.Placement;
import dev.gatun.weights.Checkpoint;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.function.Consumer;

/**
 * What is divided, handed over and waited for is the same with two devices. So a machine with one
 * GPU shows it, by every split that the model has.
 */
final class MeshChecks {
  private static final int RANKS = 2;
  private static final int CONTEXT = 256;

  /** Tokens of the prompt that are run one by one. */
  private static final int DECODED = 4;

  private final String name;
  private final Oracle oracle;
  private final DeviceChoice device;
  private final Consumer<Finding> report;

  MeshChecks(String name, Oracle oracle, DeviceChoice device, Consumer<Finding> report) {
    this.name = name;
    this.oracle = oracle;
    this.device = device.withThreads(Math.max(1, device.threads() / RANKS));
    this.report = report;
  }

  void run() {
    try (Checkpoint checkpoint = Checkpoint.open(oracle.checkpoint())) {
      List<float[]> one = logits(checkpoint, Mesh.none(), 1);
      boolean hasExperts = checkpoint.config().moe().isPresent();
      for (Placement.Mode mode : Placement.Mode.values()) {
        if (hasExperts || mode == Placement.Mode.TENSOR || mode == Placement.Mode.LAYER) {
          check(checkpoint, mode, one);
        }
      }
    } catch (Refusal refusal) {
      report.accept(Finding.failed(named("over two ranks"), refusal));
    }
  }

  private void check(Checkpoint checkpoint, Placement.Mode mode, List<float[]> one) {
    String what = named("two ranks, " + mode.name().toLowerCase(Locale.ROOT));
    // Where ranks have sequences of their own there is one on each.
    int sessions = mode == Placement.Mode.DATA ? RANKS : 1;
    try {
      List<float[]> two = logits(checkpoint, new Mesh(List.of(device), mode), sessions);
      long differing = 0;
      for (int i = 0; i < sessions * one.size(); i++) {
        differing += Differences.count(one.get(i % one.size()), two.get(i));
      }
      report.accept(Finding.none(what, differing, "logits differ"));
    } catch (Refusal refusal) {
      report.accept(Finding.failed(what, refusal));
    }
  }

  /** Of the prompt, its last tokens run one by one, in sessions one after another. */
  private List<float[]> logits(Checkpoint checkpoint, Mesh mesh, int sessions) {
    // Without shared prefixes a session goes where others hold least.
    Batching batching = Batching.alone().withSequences(sessions).withSharedPrefixes(false);
    EngineOptions options =
        EngineOptions.defaults()
            .withDevice(device)
            .withContext(Math.min(CONTEXT, checkpoint.config().contextLength()))
            .withLogitRows(CONTEXT)
            .withBatch(CONTEXT, CONTEXT)
            .withBatching(batching)
            .withMesh(mesh);
    int[] ids = oracle.inputIds();
    int prompt = ids.length - DECODED;
    List<float[]> found = new ArrayList<>();
    List<Session> open = new ArrayList<>();
    try (Engine engine = Engine.load(checkpoint, options)) {
      for (int i = 0; i < sessions; i++) {
        Session session = engine.newSession();
        open.add(session);
        session.logits(Arrays.copyOf(ids, prompt), rows -> found.add(OracleChecks.floats(rows)));
        for (int next = prompt; next < ids.length; next++) {
          found.add(OracleChecks.floats(session.append(ids[next])));
        }
      }
      open.forEach(Session::close);
    }
    return found;
  }

  private String named(String what) {
    return name + ": " + what;
  }
}
