// Wires: connects each two ranks of several processes, over which they watch each other.
package dev.gatun.ranks;

import dev.gatun.refusal.Refusal;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.NetworkInterface;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.security.SecureRandom;
import java.util.List;
import java.util.function.Function;

/** A rank calls those below it, and is called by those above. */
final class Wires {
  private static final int CONNECT_MILLIS = 2_000;
  private static final int CALLED_MILLIS = 8_000;

  /** Of one machine, that are told to the others. */
  private static final int MOST_ADDRESSES = 8;

  private final int rank;
  private final Socket[] sockets;

  private Wires(int rank, int size) {
    this.rank = rank;
    this.sockets = new Socket[size];
  }

  /**
   * A connection to each other rank, none at {@code rank}.
   *
   * @param sameHost whether all run on one machine, which is then all that can call
   * @param gather hands all ranks what each gives, in their order
   */
  static Socket[] connect(
      int rank, int size, boolean sameHost, Function<String, List<String>> gather) {
    Wires wires = new Wires(rank, size);
    InetAddress local = sameHost ? InetAddress.getLoopbackAddress() : null;
    try (ServerSocket server = new ServerSocket(0, size, local)) {
      long secret = new SecureRandom().nextLong(); // whoever else calls is not a rank
      String addresses = sameHost ? local.getHostAddress() : addresses();
      List<String> places = gather.apply(server.getLocalPort() + " " + secret + " " + addresses);
      for (int lower = 0; lower < rank; lower++) {
        wires.call(lower, places.get(lower).split(" "));
      }
      wires.answer(server, secret);
    } catch (SocketTimeoutException e) {
      throw unreached(rank + " is not called by a higher rank", e);
    } catch (IOException e) {
      throw unreached(rank + " has no connection: " + e.getMessage(), e);
    }
    return wires.sockets;
  }

  private static Refusal unreached(String what, IOException e) {
    return Refusal.device("rank " + what, "let the ranks' machines open TCP connections", e);
  }

  /** Of this machine, with commas between. */
  private static String addresses() throws IOException {
    return String.join(
        ",",
        NetworkInterface.networkInterfaces()
            .flatMap(NetworkInterface::inetAddresses)
            .filter(address -> !address.isLoopbackAddress() && !address.isLinkLocalAddress())
            .map(InetAddress::getHostAddress)
            .limit(MOST_ADDRESSES)
            .toList());
  }

  /**
   * @param place port, secret, addresses
   */
  private void call(int lower, String[] place) throws IOException {
    IOException last = new IOException("it has no address");
    for (String address : place[2].split(",")) {
      Socket socket = new Socket();
      try {
        socket.connect(new InetSocketAddress(address, Integer.parseInt(place[0])), CONNECT_MILLIS);
        socket.setTcpNoDelay(true);
        socket.setSoTimeout(CALLED_MILLIS);
        long secret = Long.parseLong(place[1]);
        DataOutputStream out = new DataOutputStream(socket.getOutputStream());
        out.writeLong(secret);
        out.writeInt(rank);
        // Another machine's address may be somebody else's here.
        if (new DataInputStream(socket.getInputStream()).readLong() != ~secret) {
          throw new IOException("who answers is not a rank");
        }
        sockets[lower] = socket;
        return;
      } catch (IOException e) {
        last = e;
        socket.close();
      }
    }
    throw unreached(
        rank + " cannot reach rank " + lower + " at " + place[2] + ": " + last.getMessage(), last);
  }

  private void answer(ServerSocket server, long secret) throws IOException {
    server.setSoTimeout(CALLED_MILLIS);
    for (int missing = sockets.length - 1 - rank; missing > 0; ) {
      Socket socket = server.accept();
      socket.setSoTimeout(CONNECT_MILLIS);
      socket.setTcpNoDelay(true);
      try {
        DataInputStream in = new DataInputStream(socket.getInputStream());
        boolean known = in.readLong() == secret;
        int caller = known ? in.readInt() : 0;
        if (caller <= rank || caller >= sockets.length || sockets[caller] != null) {
          throw new IOException("not a rank that is missing");
        }
        new DataOutputStream(socket.getOutputStream()).writeLong(~secret);
        sockets[caller] = socket;
        missing--;
      } catch (IOException e) {
        socket.close();
      }
    }
  }
}
