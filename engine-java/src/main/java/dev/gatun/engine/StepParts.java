// StepParts: what the next step takes of the tasks that run.
package dev.gatun.engine;

import dev.gatun.step.Batch;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;

/**
 * @param taken their tokens are issued
 * @param full ranks of whose tasks none can go on, since their tokens find no pages
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
    Set<Integer> goOn = new TreeSet<>();
    for (int i = 0; i < counts.length; i++) {
      Task task = roster.active().get(i);
      boolean fits = counts[i] > 0 && roster.makesRoom(task, counts[i]);
      if (fits) {
        taken.add(new TaskPart(task, task.issue(counts[i])));
      }
      if (fits || counts[i] == 0 && !task.isAlone()) {
        goOn.add(task.sequence().rank());
      }
    }
    Set<Integer> full = new TreeSet<>();
    for (Task task : roster.active()) {
      full.add(task.sequence().rank());
    }
    full.removeAll(goOn);
    return new StepParts(taken, full);
  }
}
