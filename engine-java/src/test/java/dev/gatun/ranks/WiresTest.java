// WiresTest: ranks of several machines find each other, and take nobody else for a rank.
package dev.gatun.ranks;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;

import java.io.DataOutputStream;
import java.net.InetAddress;
import java.net.Socket;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
class WiresTest {
  private static final int SIZE = 3;

  private interface Places {
    List<String> all(int rank, String mine) throws Exception;
  }

  private static List<Socket[]> connect(boolean sameHost, Places places) throws Exception {
    List<Callable<Socket[]>> calls = new ArrayList<>();
    for (int rank = 0; rank < SIZE; rank++) {
      int me = rank;
      calls.add(
          () ->
              Wires.connect(
                  me,
                  SIZE,
                  sameHost,
                  mine -> {
                    try {
                      return places.all(me, mine);
                    } catch (Exception e) {
                      throw new IllegalStateException(e);
                    }
                  }));
    }
    List<Socket[]> sockets = new ArrayList<>();
    try (ExecutorService threads = Executors.newFixedThreadPool(SIZE)) {
      for (Future<Socket[]> end : threads.invokeAll(calls)) {
        sockets.add(end.get());
      }
    }
    return sockets;
  }

  private static void assertConnected(List<Socket[]> sockets) throws Exception {
    for (int from = 0; from < SIZE; from++) {
      assertNull(sockets.get(from)[from]);
      for (int to = 0; to < SIZE; to++) {
        if (to != from) {
          sockets.get(from)[to].getOutputStream().write(10 * from + to);
        }
      }
    }
    for (int to = 0; to < SIZE; to++) {
      for (int from = 0; from < SIZE; from++) {
        if (to != from) {
          assertEquals(10 * from + to, sockets.get(to)[from].getInputStream().read());
          sockets.get(to)[from].close();
        }
      }
    }
  }

  @Test
  void eachTwoRanksAreConnected() throws Exception {
    for (boolean sameHost : new boolean[] {true, false}) {
      String[] places = new String[SIZE];
      CyclicBarrier barrier = new CyclicBarrier(SIZE);
      assertConnected(
          connect(
              sameHost,
              (rank, mine) -> {
                places[rank] = mine;
                barrier.await();
                return Arrays.asList(places);
              }));
    }
  }

  /** Who calls first, but does not know the secret, or says nothing, is not rank 2. */
  @Test
  void strangersAreNotRanks() throws Exception {
    String[] places = new String[SIZE];
    CyclicBarrier barrier = new CyclicBarrier(SIZE);
    assertConnected(
        connect(
            true,
            (rank, mine) -> {
              String[] place = mine.split(" ");
              int port = Integer.parseInt(place[0]);
              new Socket(InetAddress.getLoopbackAddress(), port).close();
              try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), port)) {
                DataOutputStream out = new DataOutputStream(socket.getOutputStream());
                out.writeLong(Long.parseLong(place[1]) + 1);
                out.writeInt(2);
              }
              places[rank] = mine;
              barrier.await();
              return Arrays.asList(places);
            }));
  }
}
