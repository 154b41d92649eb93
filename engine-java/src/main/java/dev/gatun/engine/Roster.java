// Roster: which tasks run, which wait, and whose pages go where others need them.
package dev.gatun.engine;

import dev.gatun.kv.PagePool;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.Iterator;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.ConcurrentHashMap;

/**
 * Pages are given up by sequences that run nothing, the one that rested longest first, then by
 * tasks that have not begun, the last to arrive first. Where those that run on a rank lack pages
 * all the same, and none goes on, the last of them to arrive is preempted: it goes on where it was
 * as soon as another task has left that rank and all its tokens find room, or at once on another
 * rank that has room for them. The first of all to arrive is never kept from its pages. A task that
 * was paused leaves its place to its sequence, whose next task takes it at once. For the engine's
 * thread.
 */
final class Roster {
  private final int most;
  private final IdleSequences idle;
  private final Places places;
  private final List<Task> active = new ArrayList<>();

  /** In order of arrival, as are those that run and the preempted, which come first. */
  private final Deque<Task> waiting = new ArrayDeque<>();

  private final List<Task> preempted = new ArrayList<>();

  /** Whose places nobody else takes. */
  private final Set<Sequence> paused = ConcurrentHashMap.newKeySet();

  /** Ranks that a task has left since one was last preempted there. */
  private final Set<Integer> left = new TreeSet<>();

  private long arrived;

  private volatile TaskCounts counts = new TaskCounts(0, 0);

  /**
   * @param most tasks that run at once
   */
  Roster(int most, IdleSequences idle, Places places) {
    this.most = most;
    this.idle = idle;
    this.places = places;
  }

  void add(Task task) {
    task.sequence().wake();
    task.arrivedAs(arrived++);
    if (paused.remove(task.sequence())) {
      places.choose(task, active);
      enter(task);
    } else if (task.goesFirst()) {
      waiting.addFirst(task);
    } else {
      waiting.add(task);
    }
    count();
  }

  /**
   * Lets others have the place of a sequence whose task was paused; from any thread, once that task
   * has ended.
   *
   * @return whether it had one
   */
  boolean giveUpPlace(Sequence sequence) {
    return paused.remove(sequence);
  }

  /** From any thread. */
  TaskCounts counts() {
    return counts;
  }

  private void count() {
    counts = new TaskCounts(active.size(), waiting.size() + preempted.size());
  }

  /** Those that run, in the order in which they came; not to be changed. */
  List<Task> active() {
    return active;
  }

  /** Whether nothing can be done before a task comes, or a place is given up. */
  boolean isIdle() {
    return active.isEmpty() && !mayEnter();
  }

  /** Ends all that are here by what went wrong. */
  void failAll(Throwable cause) {
    List<Task> all = new ArrayList<>(active);
    all.addAll(preempted);
    all.addAll(waiting);
    counts = new TaskCounts(0, 0);
    all.forEach(task -> task.fail(cause));
  }

  /** Ends those that wait and were cancelled, lets others begin, and ends those that ran. */
  void update() {
    dropCancelled(waiting);
    dropCancelled(preempted);
    while (mayEnter()) {
      if (preempted.isEmpty()) {
        Task first = waiting.removeFirst();
        places.choose(first, active);
        enter(first);
      } else {
        Task first = preempted.removeFirst();
        places.chooseAnew(first, active, roomFor(first));
        enter(first);
      }
    }
    active.stream().filter(Task::keepsPlace).map(Task::sequence).forEach(paused::add);
    dropCancelled(active).stream().map(task -> task.sequence().rank()).forEach(left::add);
  }

  private List<Task> dropCancelled(Iterable<Task> tasks) {
    List<Task> dropped = new ArrayList<>();
    for (Iterator<Task> each = tasks.iterator(); each.hasNext(); ) {
      Task task = each.next();
      if (task.isCancelled()) {
        each.remove();
        count();
        task.end();
        dropped.add(task);
      }
    }
    return dropped;
  }

  /** Nobody overtakes those that were preempted. */
  private boolean mayEnter() {
    if (active.size() + paused.size() >= most) {
      return false;
    }
    if (preempted.isEmpty()) {
      return !waiting.isEmpty();
    }
    return active.isEmpty() || !roomFor(preempted.getFirst()).isEmpty();
  }

  /** Where a task that was preempted may go on. */
  private List<PagePool> roomFor(Task task) {
    return places.roomFor(task, left.contains(task.sequence().rank()), this::roomOn);
  }

  /** Pages that are free, or would be if those were parked that can be. */
  private int roomOn(PagePool pool) {
    int waitingPages =
        waiting.stream()
            .map(Task::sequence)
            .filter(sequence -> sequence.rank() == pool.rank() && sequence.canPark())
            .mapToInt(sequence -> sequence.pages().size())
            .sum();
    return pool.available() + idle.pages(pool.rank()) + waitingPages;
  }

  /** Into the order of arrival. */
  private static void insert(Task task, List<Task> tasks) {
    int at = tasks.size();
    while (at > 0 && tasks.get(at - 1).arrival() > task.arrival()) {
      at--;
    }
    tasks.add(at, task);
  }

  private void enter(Task task) {
    try {
      // Pages come back only where others have made room for them.
      makesRoom(task, task.sequence().missing() + task.ready());
      int[] missing = task.sequence().restore();
      if (missing.length > 0) {
        task.rereads(missing.length);
        insert(new Reread(task, missing), active);
      } else {
        task.admit();
        insert(task, active);
      }
      count();
    } catch (RuntimeException e) {
      count();
      task.fail(e);
    }
  }

  /** A task has come to its end. */
  void finish(Task task) {
    if (task instanceof Reread reread) {
      proceed(reread);
    } else {
      leave(task);
      task.end();
    }
  }

  private void proceed(Reread done) {
    Task next = done.next();
    active.set(active.indexOf(done), next);
    try {
      next.admit();
    } catch (RuntimeException e) {
      fail(next, e);
    }
  }

  /** Ends a task that runs by what went wrong. */
  void fail(Task task, Throwable cause) {
    leave(task);
    task.fail(cause);
  }

  private void leave(Task task) {
    active.remove(task);
    left.add(task.sequence().rank());
    count();
  }

  /**
   * Whether {@code count} tokens of a task that runs find room, if need be in others' pages, or on
   * another rank where none are on this one.
   */
  boolean makesRoom(Task task, int count) {
    while (!task.sequence().hasRoom(count)) {
      int rank = task.sequence().rank();
      if (!idle.parkOldest(rank) && !parkOneThatWaits(rank)) {
        return places.moves(task, count, active);
      }
    }
    return true;
  }

  private boolean parkOneThatWaits(int rank) {
    for (Iterator<Task> last = waiting.descendingIterator(); last.hasNext(); ) {
      Sequence sequence = last.next().sequence();
      if (sequence.rank() == rank && sequence.canPark()) {
        sequence.park();
        return true;
      }
    }
    return false;
  }

  /**
   * None of a rank runs, and none can go on: the last to arrive is preempted. Where it is the only
   * one, or could not be run again, it is what is returned.
   */
  Optional<Task> preempt(int rank) {
    List<Task> there = active.stream().filter(task -> task.sequence().rank() == rank).toList();
    Task last = there.getLast();
    if (there.size() == 1 || last.sequence().isPinned()) {
      return Optional.of(last);
    }
    active.remove(last);
    last.sequence().park();
    insert(last instanceof Reread reread ? reread.next() : last, preempted);
    left.remove(rank);
    count();
    return Optional.empty();
  }
}
