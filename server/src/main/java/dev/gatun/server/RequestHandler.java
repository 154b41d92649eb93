// RequestHandler: takes a request through the gate to its route, and tells what goes wrong.
package dev.gatun.server;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.Optional;
import java.util.function.Consumer;
import org.eclipse.jetty.server.Handler;
import org.eclipse.jetty.server.Request;
import org.eclipse.jetty.server.Response;
import org.eclipse.jetty.util.Callback;

final class RequestHandler extends Handler.Abstract {
  private final Gate gate;
  private final Routes routes;
  private final Connections connections;
  private final Consumer<ObjectNode> log;

  /**
   * @param log is told of each request when it is over, by any thread
   */
  RequestHandler(Gate gate, Routes routes, Connections connections, Consumer<ObjectNode> log) {
    this.gate = gate;
    this.routes = routes;
    this.connections = connections;
    this.log = log;
  }

  @Override
  public boolean handle(Request request, Response response, Callback callback) {
    Receiving receiving =
        connections.of(request.getConnectionMetaData().getConnection().getEndPoint());
    receiving.awaits();
    Call call = new Call(request, response, receiving);
    long start = System.nanoTime();
    try {
      answer(call);
      callback.succeeded();
    } catch (IOException | UncheckedIOException e) {
      call.log().add("error", "the client left");
      callback.failed(e);
    } finally {
      receiving.awaits();
      tell(call, System.nanoTime() - start);
    }
    return true;
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
      Routes.Entry entry = routes.find(call.method(), call.path());
      if (!entry.open()) {
        gate.checkKey(call);
      }
      entry.route().answer(call);
    } catch (IOException | UncheckedIOException e) {
      throw e;
    } catch (RuntimeException | StackOverflowError e) {
      refuse(call, ApiError.of(e));
    }
  }

  /** Answers a browser that asks whether a page of an allowed origin may send such a request. */
  private void allow(Call call) throws IOException {
    call.set("Access-Control-Allow-Methods", String.join(", ", routes.methods(call.path())));
    call.set(
        "Access-Control-Allow-Headers",
        "authorization, content-type, x-api-key, anthropic-version");
    call.set("Access-Control-Max-Age", "600");
    call.answer(204, "");
  }

  private void refuse(Call call, ApiError error) throws IOException {
    call.log().add("error", error.getMessage());
    if (call.begun()) {
      throw new IOException("the answer had begun: " + error.getMessage());
    }
    if (error.status() == 405) {
      call.set("Allow", String.join(", ", routes.methods(call.path())));
    }
    if (error.status() == 503) {
      call.set("Retry-After", "1");
    }
    call.answer(error.status(), routes.told(call.path(), error));
  }

  private void tell(Call call, long nanos) {
    ObjectNode line = Json.object();
    line.put("method", call.method());
    line.put("path", call.path());
    line.put("status", call.status());
    line.put("ms", nanos / 1_000_000);
    call.log().addTo(line);
    log.accept(line);
  }
}
