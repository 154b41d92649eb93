// RosterTest: who runs, who makes room, and where, without an engine.
package dev.gatun.engine;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.gatun.device.Device;
import dev.gatun.kv.PagePool;
import dev.gatun.kv.PageTable;
import dev.gatun.load.Batching.PromptOrder;
import dev.gatun.step.Batch;
import dev.gatun.step.StepBounds;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class RosterTest {
  private static final int PAGE = Device.pageTokens();
  private static final int PAGES = 6;
  private static final int VOCAB = 10;

  private final List<PagePool> pools = new ArrayList<>();
  private final IdleSequences idle = new IdleSequences();
  private Roster roster;

  private void ranks(int count) {
    IntStream.range(0, count).forEach(rank -> pools.add(new PagePool(rank, PAGES)));
    roster = new Roster(16, idle, new Places(pools));
  }

  /** A prompt, whose tokens are no other's. */
  private Task prompt(int tokens) {
    int[] ids = IntStream.range(0, tokens).map(i -> tokens + i).toArray();
    Sequence sequence = new Sequence(new PageTable(pools.getFirst()), false, idle);
    return new Forward(sequence, ids, false, VOCAB);
  }

  /** They arrive, and run if they may. */
  private List<Task> begin(int... tokens) {
    List<Task> tasks = IntStream.of(tokens).mapToObj(this::prompt).toList();
    tasks.forEach(roster::add);
    roster.update();
    return tasks;
  }

  /** As if a step had run so many of its tokens. */
  private static void run(Task task, int tokens) {
    Batch.Part part = task.issue(tokens);
    task.sequence().keep(part.ids(), 0, tokens);
  }

  private StepParts parts(int tokens, PromptOrder order) {
    int most = Math.min(tokens, 16);
    return StepParts.of(roster, new StepPolicy(new StepBounds(tokens, most, most), tokens, order));
  }

  private static List<Integer> ranksOf(List<Task> tasks) {
    return tasks.stream().map(task -> task.sequence().rank()).toList();
  }

  private List<Sequence> running() {
    return roster.active().stream().map(Task::sequence).toList();
  }

  private static List<Sequence> sequences(Task... tasks) {
    return List.of(tasks).stream().map(Task::sequence).toList();
  }

  /** The second gets no tokens at first, since the first takes them all, which finds no page. */
  @Test
  void whoWaitsForAnothersTokensDoesNotHideThatAllAreStuck() {
    for (PromptOrder order : PromptOrder.values()) {
      pools.clear();
      ranks(1);
      List<Task> tasks = begin(5 * PAGE, 5 * PAGE, 5 * PAGE);
      tasks.forEach(task -> run(task, 2 * PAGE));
      StepParts parts = parts(order == PromptOrder.EQUAL ? 2 : PAGE, order);
      assertEquals(List.of(), parts.taken());
      assertEquals(Set.of(0), parts.full());
    }
  }

  @Test
  void whatFindsNoPageLeavesItsTokensToOthers() {
    ranks(2);
    List<Task> tasks = begin(5 * PAGE, 4 * PAGE, 5 * PAGE + 1);
    assertEquals(List.of(0, 1, 0), ranksOf(tasks));
    run(tasks.get(0), 3 * PAGE);
    run(tasks.get(2), 3 * PAGE);
    StepParts parts = parts(PAGE, PromptOrder.ARRIVAL);
    assertEquals(1, parts.taken().size());
    assertEquals(tasks.get(1), parts.taken().getFirst().task());
    assertEquals(PAGE, parts.taken().getFirst().part().ids().length);
    assertEquals(Set.of(), parts.full(), "the third was not asked yet");
    assertEquals(Set.of(0), parts(PAGE, PromptOrder.EQUAL).full());
  }

  /** Each could take one page; who has room does, and is not made to give its own up. */
  @Test
  void aRankIsNotFullWhileOneOfItGoesOn() {
    ranks(1);
    List<Task> tasks = begin(6 * PAGE, 2 * PAGE);
    run(tasks.get(0), 4 * PAGE);
    run(tasks.get(1), 2 * PAGE - 1);
    StepParts parts = parts(2, PromptOrder.EQUAL);
    assertEquals(
        List.of(tasks.get(1)), parts.taken().stream().map(StepParts.TaskPart::task).toList());
    assertEquals(Set.of(), parts.full());
  }

  /** It was placed where the other then took all pages, while the rank beside it emptied. */
  @Test
  void whatHasNoPagesYetMovesWhereSomeAre() {
    ranks(2);
    List<Task> tasks = begin(5 * PAGE, 5 * PAGE, 3 * PAGE);
    assertEquals(List.of(0, 1, 0), ranksOf(tasks));
    run(tasks.get(0), 5 * PAGE - 1);
    run(tasks.get(1), 5 * PAGE);
    assertFalse(roster.makesRoom(tasks.get(2), 2 * PAGE));
    roster.finish(tasks.get(1));
    tasks.get(1).sequence().close();
    assertTrue(roster.makesRoom(tasks.get(2), 2 * PAGE));
    assertEquals(1, tasks.get(2).sequence().rank());
  }

  /** Pages that a sequence at rest would give up are room for what was preempted elsewhere. */
  @Test
  void pagesAtRestAreRoom() {
    ranks(2);
    List<Task> tasks = begin(5 * PAGE, 5 * PAGE, 5 * PAGE);
    assertEquals(List.of(0, 1, 0), ranksOf(tasks));
    run(tasks.get(0), 3 * PAGE);
    run(tasks.get(1), 5 * PAGE);
    run(tasks.get(2), 3 * PAGE - 1);
    roster.finish(tasks.get(1)); // its sequence rests on rank 1
    roster.preempt(0);
    roster.update();
    assertEquals(sequences(tasks.get(0), tasks.get(2)), running());
    assertInstanceOf(Reread.class, roster.active().getLast());
    assertEquals(1, tasks.get(2).sequence().rank());
  }

  /** What leaves one rank gives no pages to another. */
  @Test
  void anEndElsewhereBringsNobodyBack() {
    ranks(2);
    List<Task> tasks = begin(6 * PAGE, 5 * PAGE, 4 * PAGE, 2 * PAGE);
    assertEquals(List.of(0, 1, 0, 1), ranksOf(tasks));
    run(tasks.get(0), 3 * PAGE);
    run(tasks.get(1), 4 * PAGE);
    run(tasks.get(2), 3 * PAGE - 1);
    run(tasks.get(3), PAGE);
    roster.preempt(0);
    roster.update();
    assertEquals(sequences(tasks.get(0), tasks.get(1), tasks.get(3)), running());
    roster.finish(tasks.get(3));
    tasks.get(3).sequence().close();
    roster.update();
    assertEquals(sequences(tasks.get(0), tasks.get(1)), running(), "it took its pages back");
    roster.finish(tasks.get(0));
    roster.update();
    assertEquals(sequences(tasks.get(1), tasks.get(2)), running());
  }

  /** The older of two that were preempted goes first, also before what came after it. */
  @Test
  void whoCameFirstGoesOnFirst() {
    ranks(2);
    List<Task> tasks = begin(3 * PAGE, 3 * PAGE, 3 * PAGE, 3 * PAGE);
    assertEquals(List.of(0, 1, 0, 1), ranksOf(tasks));
    tasks.forEach(task -> run(task, 3 * PAGE - 2));
    roster.preempt(1);
    roster.preempt(0);
    assertEquals(sequences(tasks.get(0), tasks.get(1)), running());
    roster.finish(tasks.get(0));
    tasks.get(0).sequence().close();
    roster.update();
    assertEquals(sequences(tasks.get(1), tasks.get(2), tasks.get(3)), running());
  }

  /** One that runs already counts for nobody else: then somebody would wait for ever. */
  @Test
  void whoHasNothingReadyDoesNotHideThatAllAreStuck() {
    ranks(1);
    List<Task> tasks = begin(4 * PAGE, 3 * PAGE);
    run(tasks.get(0), 4 * PAGE - 1);
    tasks.get(0).issue(1);
    run(tasks.get(1), 2 * PAGE);
    StepParts parts = parts(PAGE, PromptOrder.ARRIVAL);
    assertEquals(List.of(), parts.taken());
    assertEquals(Set.of(0), parts.full());
  }
}
