// FusionTest: which ops of a graph are left out, and that what somebody reads is still written.
package dev.gatun.graph;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;

import dev.gatun.device.DType;
import dev.gatun.graph.Graph.Mark;
import dev.gatun.op.Attention;
import dev.gatun.op.GatherRows;
import dev.gatun.op.Op;
import dev.gatun.op.Quantize;
import dev.gatun.op.Rows;
import dev.gatun.op.Tensor;
import java.util.List;
import org.junit.jupiter.api.Test;

class FusionTest {
  private static final Tensor Q = new Tensor(0, DType.F32, 2, 64);
  private static final Tensor Y = new Tensor(1, DType.F32, 2, 64);
  private static final Tensor SMALL = new Tensor(2, DType.A8, 2, 64);
  private static final Tensor FINE = new Tensor(3, DType.A16, 2, 64);
  private static final Op ATTENTION = new Attention(Q, new Rows(0, 2), 0, 1, false, Y);
  private static final Op QUANTIZE = new Quantize(Y, SMALL);

  @Test
  void theWriterQuantizesWhatNothingElseReads() {
    Op gather = new GatherRows(Q, Q);
    List<Mark> marks = List.of(new Mark("before", 0, Q), new Mark("after", 3, Q));
    Fusion fusion = Fusion.of(List.of(gather, ATTENTION, QUANTIZE, gather), marks);
    assertEquals(
        List.of(gather, new Attention(Q, new Rows(0, 2), 0, 1, false, SMALL), gather),
        fusion.ops());
    assertEquals(List.of(new Mark("before", 0, Q), new Mark("after", 2, Q)), fusion.marks());
  }

  @Test
  void whatIsQuantizedTwiceStaysAsItIs() {
    List<Op> ops = List.of(ATTENTION, QUANTIZE, new Quantize(Y, FINE));
    assertEquals(ops, Fusion.of(ops, List.of()).ops());
  }

  @Test
  void whatIsMarkedIsWrittenInFloats() {
    List<Op> ops = List.of(ATTENTION, QUANTIZE);
    assertEquals(ops, Fusion.of(ops, List.of(new Mark("y", 0, Y))).ops());
  }

  @Test
  void whatNoOpCanQuantizeIsQuantizedAfterIt() {
    Op gather = new GatherRows(Q, Y);
    List<Op> fused = Fusion.of(List.of(gather, QUANTIZE), List.of()).ops();
    assertEquals(2, fused.size());
    assertInstanceOf(Quantize.class, fused.getLast());
  }
}
