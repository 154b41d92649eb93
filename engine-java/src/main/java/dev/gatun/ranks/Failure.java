// Failure: why several processes end together.
package dev.gatun.ranks;

import dev.gatun.refusal.Refusal;
import java.io.DataInput;
import java.io.DataOutput;
import java.io.IOException;

/**
 * @param what which rank, and why
 * @param exitCode of all processes
 * @param silent the rank that does not answer, which then tells nobody either; or {@link #NONE}
 * @param outside a signal ended the rank, as Ctrl-C and the launcher do to all: nobody need be told
 */
record Failure(String what, int exitCode, int silent, boolean outside) {
  static final int NONE = -1;

  /** Bytes of {@code what} that are sent on. */
  private static final int MOST_TEXT = 8192;

  static Failure of(String what, int exitCode) {
    return new Failure(what, exitCode, NONE, false);
  }

  static Failure of(String what) {
    return of(what, Refusal.Reason.DEVICE.exitCode());
  }

  static Failure ofSilent(int rank, String what) {
    return new Failure(what, Refusal.Reason.DEVICE.exitCode(), rank, false);
  }

  static Failure ofSignal(String what) {
    return new Failure(what, Refusal.Reason.DEVICE.exitCode(), NONE, true);
  }

  Refusal refusal() {
    return Refusal.device(what, "all ranks end", null);
  }

  void write(DataOutput out) throws IOException {
    out.writeUTF(what.substring(0, Math.min(what.length(), MOST_TEXT)));
    out.writeInt(exitCode);
    out.writeInt(silent);
    out.writeBoolean(outside);
  }

  static Failure read(DataInput in) throws IOException {
    return new Failure(in.readUTF(), in.readInt(), in.readInt(), in.readBoolean());
  }
}
