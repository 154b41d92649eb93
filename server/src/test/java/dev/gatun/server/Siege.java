// Siege: sends a server hostile requests, and looks at what it says to them.
package dev.gatun.server;

import dev.gatun.server.HostileRequests.Hostile;
import dev.gatun.server.RawClient.Reply;
import java.io.IOException;
import java.net.SocketTimeoutException;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.concurrent.atomic.AtomicInteger;

/** Each client has requests of its own seed, and a connection as long as the server keeps it. */
final class Siege {
  private static final int MOST_TOLD = 20;

  private final URI server;
  private final Map<Integer, AtomicInteger> statuses = new ConcurrentSkipListMap<>();
  private final Queue<String> wrong = new ConcurrentLinkedQueue<>();

  /**
   * What came of it.
   *
   * @param statuses how often each came; 0 is a connection that was closed without a word
   * @param wrong answers that should not be
   */
  record Report(Map<Integer, Integer> statuses, List<String> wrong) {}

  Siege(URI server) {
    this.server = server;
  }

  Report run(int clients, int requestsOfEach, String content) throws InterruptedException {
    List<Thread> threads = new ArrayList<>();
    for (int i = 0; i < clients; i++) {
      HostileRequests requests = new HostileRequests(i, content);
      threads.add(Thread.ofVirtual().start(() -> send(requests, requestsOfEach)));
    }
    for (Thread thread : threads) {
      thread.join();
    }
    Map<Integer, Integer> counts = new TreeMap<>();
    statuses.forEach((status, count) -> counts.put(status, count.get()));
    return new Report(counts, List.copyOf(wrong));
  }

  private void send(HostileRequests requests, int count) {
    RawClient client = null;
    try {
      for (int i = 0; i < count; i++) {
        Hostile request = requests.next();
        if (client == null || !request.whole()) {
          client = renewed(client);
        }
        Reply reply = reply(client, request);
        judge(request, reply);
        if (!request.whole() || reply.status() == 0 || reply.closes()) {
          client.drop();
          client = null;
        }
      }
    } catch (IOException e) {
      complain("no connection: " + e, new byte[0]);
    } finally {
      if (client != null) {
        client.drop();
      }
    }
  }

  private RawClient renewed(RawClient old) throws IOException {
    if (old != null) {
      old.drop();
    }
    return new RawClient(server);
  }

  /** Status 0 where there is none. */
  private Reply reply(RawClient client, Hostile request) {
    try {
      client.send(request.bytes());
      if (!request.whole()) {
        client.endOutput(); // or a length that is too large would be waited for
      }
    } catch (IOException e) {
      // Refused before it was all sent: the answer may be there all the same.
    }
    try {
      return client.reply(!request.head());
    } catch (SocketTimeoutException e) {
      complain("a hang", request.bytes());
      return new Reply(0, "", "");
    } catch (IOException e) {
      return new Reply(0, e.toString(), ""); // a reset
    }
  }

  private void judge(Hostile request, Reply reply) {
    statuses.computeIfAbsent(reply.status(), _ -> new AtomicInteger()).incrementAndGet();
    boolean fine =
        switch (reply.status()) {
          case 0 -> !request.whole();
          case 200, 204 -> true;
          case 501, 503, 505 -> reasonIn(reply, request);
          default -> reply.status() / 100 == 4 && reasonIn(reply, request);
        };
    if (!fine) {
      complain(reply.toString(), request.bytes());
    }
  }

  private static boolean reasonIn(Reply reply, Hostile request) {
    if (request.head()) {
      return true;
    }
    try {
      byte[] body = reply.body().getBytes(StandardCharsets.UTF_8);
      return !Json.parse(body).path("error").path("message").asText().isEmpty();
    } catch (ApiError e) {
      return false;
    }
  }

  private void complain(String what, byte[] request) {
    if (wrong.size() < MOST_TOLD) {
      String text = new String(request, StandardCharsets.ISO_8859_1);
      wrong.add(what + " to " + text.substring(0, Math.min(600, text.length())));
    }
  }
}
