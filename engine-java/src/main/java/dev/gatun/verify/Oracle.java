// Oracle: a tiny checkpoint and what another implementation computed from it.
package dev.gatun.verify;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.gatun.refusal.Refusal;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;

/**
 * Read by a few lines of its own and not by the reader of weights, so that a fault of that one
 * shows.
 *
 * @param checkpoint a GGUF file or a Hugging Face folder
 * @param tensors the answers: {@code input_ids} (tokens), {@code logits} (tokens, vocab), and of
 *     some {@code greedy} and {@code hidden.0} on
 */
public record Oracle(Path checkpoint, Map<String, Stored> tensors) {

  /** A tensor as a safetensors file holds it, little-endian. */
  public record Stored(String dtype, long[] shape, byte[] bytes) {
    private ByteBuffer as(String expected) {
      if (!dtype.equals(expected)) {
        throw Refusal.model("an oracle holds " + dtype + ", expected " + expected, REMEDY);
      }
      return ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
    }
  }

  private static final String REMEDY = "take the oracle folder that came with this build";

  static Oracle read(Path checkpoint, Path answers) throws IOException {
    return new Oracle(checkpoint, stored(answers));
  }

  /** The prompt. */
  public int[] inputIds() {
    return ints("input_ids");
  }

  /** The tokens that follow the prompt; empty where the oracle does not say. */
  public int[] greedy() {
    return tensors.containsKey("greedy") ? ints("greedy") : new int[0];
  }

  public float[] floats(String name) {
    ByteBuffer bytes = tensor(name).as("F32");
    float[] floats = new float[bytes.remaining() / Float.BYTES];
    bytes.asFloatBuffer().get(floats);
    return floats;
  }

  private int[] ints(String name) {
    ByteBuffer bytes = tensor(name).as("I64");
    int[] ints = new int[bytes.remaining() / Long.BYTES];
    Arrays.setAll(ints, _ -> Math.toIntExact(bytes.getLong()));
    return ints;
  }

  private Stored tensor(String name) {
    Stored tensor = tensors.get(name);
    if (tensor == null) {
      throw Refusal.model("the oracle of " + checkpoint + " has no " + name, REMEDY);
    }
    return tensor;
  }

  /** All tensors of a safetensors file. */
  public static Map<String, Stored> stored(Path file) throws IOException {
    byte[] bytes = Files.readAllBytes(file);
    int start = Long.BYTES;
    int end = start + Math.toIntExact(number(bytes));
    JsonNode header = new ObjectMapper().readTree(bytes, start, end - start);
    Map<String, Stored> tensors = new HashMap<>();
    for (Map.Entry<String, JsonNode> entry : header.properties()) {
      JsonNode range = entry.getValue().path("data_offsets");
      if (!range.isMissingNode()) {
        byte[] data =
            Arrays.copyOfRange(bytes, end + range.get(0).asInt(), end + range.get(1).asInt());
        JsonNode axes = entry.getValue().get("shape");
        long[] shape = new long[axes.size()];
        Arrays.setAll(shape, axis -> axes.get(axis).asLong());
        String dtype = entry.getValue().get("dtype").asText();
        tensors.put(entry.getKey(), new Stored(dtype, shape, data));
      }
    }
    return tensors;
  }

  private static long number(byte[] bytes) {
    return ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN).getLong(0);
  }
}
