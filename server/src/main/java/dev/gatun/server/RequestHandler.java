// RequestHandler: takes a request through the gate to its route, and tells what goes wrong.
package dev.gatun.server;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import org.eclipse.jetty.server.Handler;
import org.eclipse.jetty.server.Request;
import org.eclipse.jetty.server.Response;
import org.eclipse.jetty.util.Callback;

final class RequestHandler extends Handler.Abstract {
  /** Attribute of requests that came this far, each of which is told here. */
  static final String CAME = "dev.gatun.came";

  private final Gate gate;
  private final Api api;
  private final Connections connections;
  private final BodyBudget bodies;
  private final LogWriter log;
  private final AtomicInteger underWay = new AtomicInteger();

  RequestHandler(Gate gate, Api api, Connections connections, BodyBudget bodies, LogWriter log) {
    this.gate = gate;
    this.api = api;
    this.connections = connections;
    this.bodies = bodies;
    this.log = log;
  }

  /** Returns when every client has all of its answer, or after {@code most}. */
  void awaitNone(Duration most) {
    long end = System.nanoTime() + most.toNanos();
    try {
      while (underWay.get() > 0 && System.nanoTime() < end) {
        Thread.sleep(10);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  @Override
  public boolean handle(Request request, Response response, Callback callback) {
    underWay.incrementAndGet();
    try {
      take(request, response, callback);
      return true;
    } finally {
      underWay.decrementAndGet();
    }
  }

  private void take(Request request, Response response, Callback callback) {
    request.setAttribute(CAME, true);
    Optional<Patience> awaited =
        connections
            .of(request.getConnectionMetaData().getConnection().getEndPoint())
            .filter(patience -> !patience.isOver());
    if (awaited.isEmpty()) {
      // Sent along with a request after which the connection ends.
      callback.failed(new IOException("the connection takes no more requests"));
      return;
    }
    Patience patience = awaited.get();
    patience.received();
    request.addIdleTimeoutListener(_ -> false); // a prompt may be read for long
    Consumer<Call> recorded = FlightRecord.begin();
    long start = System.nanoTime();
    Progress progress = new Progress(api.slots(), Request.getPathInContext(request));
    try (Call call = new Call(request, response, patience, bodies, progress)) {
      IOException failure = answered(call);
      // Before the client can ask what there is to know of it.
      tell(call, System.nanoTime() - start);
      recorded.accept(call);
      patience.awaits();
      if (failure == null) {
        callback.succeeded();
      } else {
        patience.cut(failure); // else Jetty would answer, with 500
        callback.failed(failure);
      }
    }
  }

  /** Null where the client has its answer. */
  private IOException answered(Call call) {
    try {
      answer(call);
      return null;
    } catch (IOException e) {
      call.log().add("error", "the client left");
      return e;
    } catch (UncheckedIOException e) {
      call.log().add("error", "the client left");
      return e.getCause();
    }
  }

  private void answer(Call call) throws IOException {
    try {
      gate.checkHost(call);
      Optional<String> origin = gate.allowedOrigin(call);
      if (origin.isPresent()) {
        call.set("Access-Control-Allow-Origin", origin.get());
        call.set("Vary", "Origin");
        if (call.method().equals("OPTIONS")) {
          allow(call);
          return;
        }
      }
      Routes.Entry entry = api.routes().find(call.method(), call.path());
      if (!entry.open()) {
        gate.checkKey(call);
      }
      if (call.isLong()) {
        onThreadOfItsOwn(() -> entry.route().answer(call));
      } else {
        entry.route().answer(call);
      }
    } catch (IOException | UncheckedIOException e) {
      throw e;
    } catch (RuntimeException | StackOverflowError e) {
      refuse(call, ApiError.of(e));
    }
  }

  /** What a route does. */
  @FunctionalInterface
  private interface Work {
    void run() throws IOException;
  }

  /**
   * To make tokens of a long text takes seconds; some virtual threads at that would keep all others
   * from the processors, which they do not share.
   */
  private static void onThreadOfItsOwn(Work work) throws IOException {
    FutureTask<Void> task =
        new FutureTask<>(
            () -> {
              work.run();
              return null;
            });
    Thread.ofPlatform().daemon().name("gatun-long-request").start(task);
    try {
      task.get();
    } catch (ExecutionException e) {
      switch (e.getCause()) {
        case IOException failure -> throw failure;
        case RuntimeException failure -> throw failure;
        case Error failure -> throw failure;
        default -> throw new IllegalStateException(e.getCause());
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IOException(e);
    }
  }

  /** Answers a browser that asks whether a page of an allowed origin may send such a request. */
  private void allow(Call call) throws IOException {
    call.set("Access-Control-Allow-Methods", String.join(", ", api.routes().methods(call.path())));
    call.set("Access-Control-Allow-Headers", "authorization, *"); // * alone leaves that one out
    call.set("Access-Control-Max-Age", "600");
    call.answer(204, "");
  }

  private void refuse(Call call, ApiError error) throws IOException {
    call.log().add("error", error.getMessage());
    if (call.begun()) {
      throw new IOException("the answer had begun: " + error.getMessage());
    }
    if (error.status() == 405) {
      call.set("Allow", String.join(", ", api.routes().methods(call.path())));
    }
    if (error.status() == 503) {
      call.set("Retry-After", "1");
    }
    call.answer(error.status(), api.routes().told(call.path(), error));
  }

  private void tell(Call call, long nanos) {
    ObjectNode line = Json.object();
    line.put("time", Instant.now().toString());
    line.put("client", call.client());
    line.put("method", call.method());
    line.put("path", call.path());
    line.put("status", call.status());
    line.put("ms", nanos / 1_000_000);
    call.log().addTo(line);
    log.add(line);
    api.metrics().ended(call.status(), call.log().answers(), nanos);
  }
}
