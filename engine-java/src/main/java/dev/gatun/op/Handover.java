// Handover: one exchange as ops fill it and read it.
package dev.gatun.op;

import dev.gatun.device.Block;
import dev.gatun.device.Buffer;
import dev.gatun.device.Device;
import dev.gatun.device.Mark;
import dev.gatun.ranks.Exchange;

/** In the order of {@link Exchange}. For the thread of the device. */
interface Handover extends AutoCloseable {

  Device device();

  Exchange exchange();

  /** Writes something of this rank's part. */
  default void give(Buffer from, Block block) {
    device().copy(from.segment(), exchange().at(block.to()), block.toBegin());
  }

  /** This rank's part is given. */
  void publish();

  /** What is taken from here on is all there. */
  void await();

  /** Reads something of the parts. */
  default void take(Block block, Buffer to) {
    device().copy(exchange().at(block.from()), to.segment(), block.fromBegin());
  }

  /** No more is read. */
  @Override
  void close();

  /** Of a rank on the CPU: what it has done is done. */
  record OnHost(Device device, Exchange exchange) implements Handover {
    @Override
    public void publish() {
      exchange.publish();
    }

    @Override
    public void await() {
      exchange.await();
    }

    @Override
    public void close() {
      exchange.close();
    }
  }

  /** Of a rank on a GPU, which waits and copies in the order of its work, and not its host. */
  final class ByGpu implements Handover {
    private final Device device;
    private final Exchange exchange;
    private final Marks marks;
    private boolean takes;

    ByGpu(Device device, Exchange exchange, Marks marks) {
      this.device = device;
      this.exchange = exchange;
      this.marks = marks;
    }

    @Override
    public Device device() {
      return device;
    }

    @Override
    public Exchange exchange() {
      return exchange;
    }

    @Override
    public void publish() {
      marks.given.set();
      exchange.publish(marks.given);
    }

    @Override
    public void await() {
      takes = true;
      marks.waits.set();
      exchange.announced().forEach(device::after);
    }

    @Override
    public void close() {
      if (takes) {
        marks.taken.set();
        marks.timed = true;
        exchange.close(marks.taken);
      } else {
        exchange.close();
      }
    }
  }

  /** Of an exchange's copies on a GPU; used anew for the exchange that gets its memory. */
  final class Marks {
    /** Behind the copies of what this rank gives. */
    private final Mark given;

    /** Before the GPU waits for others. */
    private final Mark waits;

    /** Behind the copies of what they give. */
    private final Mark taken;

    private boolean timed;

    Marks(Mark given, Mark waits, Mark taken) {
      this.given = given;
      this.waits = waits;
      this.taken = taken;
    }

    /** Nanoseconds of the exchange before, which is over; 0 where nothing was taken. */
    long nanos() {
      long nanos = timed ? taken.nanosSince(waits) : 0;
      timed = false;
      return nanos;
    }
  }
}
