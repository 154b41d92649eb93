// Peer: another rank's process, over a connection: its heartbeat, what it says, and its silence.
package dev.gatun.ranks;

import java.io.BufferedInputStream;
import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.net.Socket;
import java.net.SocketTimeoutException;

/** One thread listens; any may send. */
final class Peer {

  /** Between two heartbeats. */
  static final int BEAT_MILLIS = 500;

  /**
   * Silence of so many beats is a stall. Beats are counted, not time, so that ranks which were all
   * stopped, and go on, do not take each other for stalled.
   */
  static final int MOST_MISSED = 10;

  private static final int BEAT = 0;
  private static final int FAILED = 1;
  private static final int TOLD = 2;
  private static final int LEAVING = 3;
  private static final int LEFT = 4;

  /** What is heard, on the listening thread. */
  interface Listener {

    /** The peer cannot go on, or knows of one that cannot. */
    void failed(Failure failure);

    /** The peer has told the user; all end with this code. */
    void told(int exitCode);

    /** Nothing more is heard; {@code left} says whether it ended well. */
    void gone(Peer peer, boolean left);

    void silent(Peer peer);
  }

  private interface Body {
    void write(DataOutputStream out) throws IOException;
  }

  private final int rank;
  private final String name;
  private final Socket socket;
  private volatile boolean living = true;
  private volatile boolean leaving;

  Peer(int rank, String name, Socket socket) {
    this.rank = rank;
    this.name = name;
    this.socket = socket;
  }

  int rank() {
    return rank;
  }

  /** For messages. */
  String name() {
    return name;
  }

  /** Whether it can still tell the user how it ended. */
  boolean living() {
    return living;
  }

  /** Whether it expects no more exchanges. */
  boolean leaving() {
    return leaving;
  }

  /**
   * Until the peer leaves, dies or falls silent. Whom a silent one can hear, should it go on, stays
   * connected: it must not take the others for dead.
   */
  void listen(Listener listener) {
    try {
      socket.setSoTimeout(BEAT_MILLIS);
      DataInputStream in = new DataInputStream(new BufferedInputStream(socket.getInputStream()));
      for (int kind = next(in); kind != LEFT; kind = next(in)) {
        switch (kind) {
          case BEAT -> {}
          case FAILED -> listener.failed(Failure.read(in));
          case TOLD -> listener.told(in.readInt());
          case LEAVING -> leaving = true;
          default -> throw new IOException("the end, or no message: " + kind);
        }
      }
      living = false;
      listener.gone(this, true);
    } catch (SocketTimeoutException e) {
      living = false;
      listener.silent(this);
    } catch (IOException e) {
      living = false;
      listener.gone(this, false);
    }
  }

  /** The next message's kind; -1 at the end. */
  private static int next(DataInputStream in) throws IOException {
    for (int missed = 1; ; missed++) {
      try {
        return in.read();
      } catch (SocketTimeoutException e) {
        if (missed == MOST_MISSED) {
          throw e;
        }
      }
    }
  }

  void beat() {
    send(BEAT, out -> {});
  }

  void failed(Failure failure) {
    send(FAILED, failure::write);
  }

  void told(int exitCode) {
    send(TOLD, out -> out.writeInt(exitCode));
  }

  void leave() {
    send(LEAVING, out -> {});
  }

  void left() {
    send(LEFT, out -> {});
  }

  /** In one piece. Whom it does not reach is gone, which the listening thread notices. */
  private void send(int kind, Body body) {
    ByteArrayOutputStream message = new ByteArrayOutputStream();
    try {
      DataOutputStream out = new DataOutputStream(message);
      out.writeByte(kind);
      body.write(out);
      synchronized (this) {
        socket.getOutputStream().write(message.toByteArray());
      }
    } catch (IOException e) {
      // See above.
    }
  }
}
