// MeasuredRanks: counts what a rank hands to others, and the time that exchanges take of it.
package dev.gatun.ranks;

import dev.gatun.device.Device;
import dev.gatun.device.Mark;
import dev.gatun.device.Parts;
import dev.gatun.refusal.Refusal;
import java.lang.foreign.MemorySegment;
import java.util.List;
import java.util.concurrent.atomic.LongAdder;

/** Ranks whose exchanges are counted, at the price of a few looks at the clock each. */
public final class MeasuredRanks implements Ranks {
  private final Ranks ranks;
  private final LongAdder bytes = new LongAdder();
  private final LongAdder nanos = new LongAdder();

  public MeasuredRanks(Ranks ranks) {
    this.ranks = ranks;
  }

  /**
   * Bytes that came from this rank to others, counted once for each of them; from any thread, whole
   * when the exchanges are over.
   */
  public long bytes() {
    return bytes.sum();
  }

  /**
   * Nanoseconds of this rank in exchanges: waiting for the others and copying. What it does between
   * an exchange's publish and await is not among them.
   */
  public long nanos() {
    return nanos.sum();
  }

  /** Adds what a device has measured of exchanges whose copies it made by itself. */
  public void add(long nanosOfDevice) {
    nanos.add(nanosOfDevice);
  }

  @Override
  public int rank() {
    return ranks.rank();
  }

  @Override
  public int size() {
    return ranks.size();
  }

  @Override
  public Group group(List<Integer> members, long most) {
    return new MeasuredGroup(ranks.group(members, most));
  }

  @Override
  public boolean inOneProcess() {
    return ranks.inOneProcess();
  }

  @Override
  public Link link(List<Integer> members, Device device) {
    Link link = ranks.link(members, device);
    return most -> new MeasuredGroup(link.group(most));
  }

  @Override
  public Refusal fail(Refusal.Reason kind, String reason) {
    return ranks.fail(kind, reason);
  }

  @Override
  public void close() {
    ranks.close();
  }

  private final class MeasuredGroup implements Group {
    private final Group group;

    MeasuredGroup(Group group) {
      this.group = group;
    }

    @Override
    public List<Integer> members() {
      return group.members();
    }

    @Override
    public int index() {
      return group.index();
    }

    @Override
    public Exchange begin(Parts parts) {
      long since = System.nanoTime();
      return new MeasuredExchange(group.begin(parts), parts.given(index()), since);
    }

    @Override
    public void pin(Pinning pinning) {
      group.pin(pinning);
    }

    @Override
    public void atEnd(Runnable last) {
      group.atEnd(last);
    }
  }

  private final class MeasuredExchange implements Exchange {
    private final Exchange exchange;
    private final long given;
    private long since;

    MeasuredExchange(Exchange exchange, long given, long since) {
      this.exchange = exchange;
      this.given = given;
      this.since = since;
    }

    @Override
    public MemorySegment at(long offset) {
      return exchange.at(offset);
    }

    @Override
    public void publish() {
      // Before, so that who has the bytes finds them counted.
      bytes.add(given);
      exchange.publish();
      long now = System.nanoTime();
      nanos.add(now - since);
      since = now;
    }

    // Of copies that a device makes by itself that knows the time.

    @Override
    public void publish(Mark copies) {
      bytes.add(given);
      exchange.publish(copies);
    }

    @Override
    public List<Mark> announced() {
      return exchange.announced();
    }

    @Override
    public void close(Mark copies) {
      exchange.close(copies);
    }

    @Override
    public void await() {
      since = System.nanoTime();
      exchange.await();
    }

    @Override
    public void close() {
      exchange.close();
      nanos.add(System.nanoTime() - since);
    }
  }
}
