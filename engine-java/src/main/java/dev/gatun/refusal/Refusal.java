// Refusal: the one exception of the engine; what was found, what was expected and what to do, in
// one line.
package dev.gatun.refusal;

/**
 * Thrown wherever the engine will not go on. The command line prints {@code message} as one line
 * and exits with {@code reason().exitCode()}; a library caller reads the reason.
 */
public final class Refusal extends RuntimeException {
  private static final long serialVersionUID = 1L;

  /** Why the engine refuses, with the process exit code of each reason. */
  public enum Reason {
    /** Files or network: disk full, read-only folder, connection cut, checksum wrong. */
    IO(1),
    /** An option or input of the caller's that cannot be honoured. */
    USAGE(2),
    /** The model or the context does not fit the device. */
    DOES_NOT_FIT(3),
    /** The checkpoint is truncated, inconsistent, or of an unknown family, type or scaling. */
    MODEL(4),
    /** The device or its library is missing or failed. */
    DEVICE(5),
    /** Ctrl-C. */
    INTERRUPTED(130);

    private final int exitCode;

    Reason(int exitCode) {
      this.exitCode = exitCode;
    }

    public int exitCode() {
      return exitCode;
    }

    /** A refusal's own; DEVICE of what is none, but Java's full heap does not fit. */
    public static Reason of(Throwable failure) {
      return switch (failure) {
        case Refusal refusal -> refusal.reason;
        case OutOfMemoryError _ -> DOES_NOT_FIT;
        default -> DEVICE;
      };
    }
  }

  private final Reason reason;
  private final String table;

  private Refusal(Reason reason, String what, String remedy, Throwable cause) {
    this(reason, what, remedy, cause, "");
  }

  private Refusal(Reason reason, String what, String remedy, Throwable cause, String table) {
    super(oneLine(what) + "; " + oneLine(remedy), cause);
    this.reason = reason;
    this.table = table;
  }

  public Reason reason() {
    return reason;
  }

  /** Lines to show before the message, each ended; empty as a rule. */
  public String table() {
    return table;
  }

  /** What a failure says, in one line: a refusal's own; of what is none its class too. */
  public static String line(Throwable failure) {
    return failure instanceof Refusal ? failure.getMessage() : oneLine(failure.toString());
  }

  /** Of a reason that is known only when it happens. */
  public static Refusal of(Reason reason, String what, String remedy) {
    return new Refusal(reason, what, remedy, null);
  }

  public static Refusal io(String what, String remedy, Throwable cause) {
    return new Refusal(Reason.IO, what, remedy, cause);
  }

  public static Refusal usage(String what, String remedy) {
    return new Refusal(Reason.USAGE, what, remedy, null);
  }

  public static Refusal doesNotFit(String what, String remedy) {
    return new Refusal(Reason.DOES_NOT_FIT, what, remedy, null);
  }

  /** As {@link #doesNotFit(String, String)}, with the figures behind it. */
  public static Refusal doesNotFit(String what, String remedy, String table) {
    return new Refusal(Reason.DOES_NOT_FIT, what, remedy, null, table);
  }

  public static Refusal model(String what, String remedy) {
    return new Refusal(Reason.MODEL, what, remedy, null);
  }

  public static Refusal device(String what, String remedy, Throwable cause) {
    return new Refusal(Reason.DEVICE, what, remedy, cause);
  }

  public static Refusal interrupted(String what) {
    return new Refusal(Reason.INTERRUPTED, what, "run it again", null);
  }

  // File names and template texts reach messages; control characters must not break the one line or
  // the terminal.
  private static String oneLine(String text) {
    return text.strip().replaceAll("\\p{Cntrl}+", " ");
  }
}
