// StepParts: what the next step takes of the tasks that run.
package dev.gatun.engine;

import dev.gatun.step.Batch;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;

/**
 * @param taken their tokens are issued
 * @param full ranks of whose tasks none goes on, since the tokens of some find no pages
 */
record StepParts(List<TaskPart> taken, Set<Integer> full) {

  /** A task's part of a step. */
  record TaskPart(Task task, Batch.Part part) {}

  /** Takes from each task what the policy says; a task whose tokens find no pages waits. */
  static StepParts of(Roster roster, StepPolicy policy) {
    List<StepPolicy.Offer> offers = new ArrayList<>(roster.active().size());
    for (Task task : roster.active()) {
      boolean alone = task.isAlone();
      if (alone && roster.makesRoom(task, task.ready())) {
        return new StepParts(List.of(new TaskPart(task, task.issue(task.ready()))), Set.of());
      }
      int ready = alone ? 0 : task.ready();
      offers.add(new StepPolicy.Offer(ready, task.isDecoding(), task.wantsAllRows()));
    }
    int[] counts = policy.tokenCounts(offers);
    List<TaskPart> taken = new ArrayList<>();
    Set<Integer> full = new TreeSet<>();
    Set<Integer> goOn = new TreeSet<>();
    Set<Integer> later = new TreeSet<>();
    for (int i = 0; i < counts.length; i++) {
      Task task = roster.active().get(i);
      int count = counts[i];
      boolean fits = count > 0 && roster.makesRoom(task, count);
      int rank = task.sequence().rank();
      if (fits) {
        taken.add(new TaskPart(task, task.issue(count)));
        goOn.add(rank);
      } else if (count > 0 || task.isAlone()) {
        full.add(rank);
        // What it does not take is there for those behind it.
        offers.set(i, new StepPolicy.Offer(0, task.isDecoding(), task.wantsAllRows()));
        counts = policy.tokenCounts(offers);
      } else {
        later.add(rank);
      }
    }
    full.removeAll(goOn);
    if (!taken.isEmpty()) {
      full.removeAll(later); // Their turn comes.
    }
    return new StepParts(taken, full);
  }
}
