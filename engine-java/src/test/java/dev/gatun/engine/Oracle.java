// Oracle: unpacks a tiny checkpoint of the test resources and reads what it must answer.
package dev.gatun.engine;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import java.util.zip.GZIPInputStream;

/** Tensors of an oracle.safetensors by name, and where its checkpoint was unpacked. */
record Oracle(Path checkpoint, Map<String, ByteBuffer> tensors) {
  private static final Path RESOURCES = Path.of("src/test/resources/oracle");
  private static final Path UNPACKED = Path.of("target/oracle");

  /** Names of the Hugging Face folders. */
  static List<String> folders() throws IOException {
    try (Stream<Path> files = Files.list(RESOURCES)) {
      return files
          .filter(Files::isDirectory)
          .map(folder -> folder.getFileName().toString())
          .filter(name -> !name.equals("gguf"))
          .sorted()
          .toList();
    }
  }

  /** Names of the GGUF files, without their ending. */
  static List<String> ggufs() throws IOException {
    try (Stream<Path> files = Files.list(RESOURCES.resolve("gguf"))) {
      return files
          .map(file -> file.getFileName().toString())
          .filter(name -> name.endsWith(".gguf.gz"))
          .map(name -> name.substring(0, name.length() - ".gguf.gz".length()))
          .sorted()
          .toList();
    }
  }

  static Oracle folder(String name) throws IOException {
    Path folder = UNPACKED.resolve(name);
    Files.createDirectories(folder);
    Files.write(
        folder.resolve("config.json"),
        Files.readAllBytes(RESOURCES.resolve(name).resolve("config.json")));
    unpack(name + "/model.safetensors");
    return new Oracle(folder, read(unpack(name + "/oracle.safetensors")));
  }

  static Oracle gguf(String name) throws IOException {
    Files.createDirectories(UNPACKED.resolve("gguf"));
    Path model = unpack("gguf/" + name + ".gguf");
    return new Oracle(model, read(unpack("gguf/" + name + ".oracle.safetensors")));
  }

  int[] inputIds() {
    return ints("input_ids");
  }

  int[] greedy() {
    return ints("greedy");
  }

  float[] floats(String name) {
    ByteBuffer bytes = tensors.get(name);
    float[] floats = new float[bytes.remaining() / 4];
    bytes.duplicate().order(ByteOrder.LITTLE_ENDIAN).asFloatBuffer().get(floats);
    return floats;
  }

  private int[] ints(String name) {
    ByteBuffer bytes = tensors.get(name);
    int[] ints = new int[bytes.remaining() / 8];
    for (int i = 0; i < ints.length; i++) {
      ints[i] =
          (int) bytes.duplicate().order(ByteOrder.LITTLE_ENDIAN).getLong(bytes.position() + 8 * i);
    }
    return ints;
  }

  private static Path unpack(String name) throws IOException {
    Path target = UNPACKED.resolve(name);
    try (InputStream packed =
        new GZIPInputStream(Files.newInputStream(RESOURCES.resolve(name + ".gz")))) {
      Files.write(target, packed.readAllBytes());
    }
    return target;
  }

  private static Map<String, ByteBuffer> read(Path file) throws IOException {
    Map<String, ByteBuffer> tensors = new HashMap<>();
    stored(file).forEach((name, tensor) -> tensors.put(name, ByteBuffer.wrap(tensor.bytes())));
    return tensors;
  }

  /** A tensor as a safetensors file holds it. */
  record Stored(String dtype, long[] shape, byte[] bytes) {
    Stored withBytes(byte[] other) {
      return new Stored(dtype, shape, other);
    }
  }

  /** All tensors of a safetensors file. */
  static Map<String, Stored> stored(Path file) throws IOException {
    byte[] bytes = Files.readAllBytes(file);
    int headerBytes =
        Math.toIntExact(ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN).getLong(0));
    JsonNode header = new ObjectMapper().readTree(bytes, 8, headerBytes);
    Map<String, Stored> tensors = new HashMap<>();
    for (Map.Entry<String, JsonNode> entry : header.properties()) {
      JsonNode range = entry.getValue().path("data_offsets");
      if (!range.isMissingNode()) {
        int begin = 8 + headerBytes + range.get(0).asInt();
        int end = 8 + headerBytes + range.get(1).asInt();
        JsonNode axes = entry.getValue().get("shape");
        long[] shape = new long[axes.size()];
        for (int i = 0; i < shape.length; i++) {
          shape[i] = axes.get(i).asLong();
        }
        tensors.put(
            entry.getKey(),
            new Stored(
                entry.getValue().get("dtype").asText(),
                shape,
                Arrays.copyOfRange(bytes, begin, end)));
      }
    }
    return tensors;
  }
}
