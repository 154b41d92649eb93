// PartState: which version of a file its .part holds the beginning of.
package dev.gatun.hub;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;

/**
 * Kept beside a .part file.
 *
 * @param etag of the host that sent the bytes
 * @param size of the whole file, bytes
 * @param checksum of the whole file, hex
 */
record PartState(Optional<String> etag, long size, Optional<String> checksum) {
  private static final ObjectMapper JSON = new ObjectMapper();

  /** Empty where there is none to go on from. */
  static Optional<PartState> read(Path file) {
    try {
      JsonNode root = JSON.readTree(Files.readAllBytes(file));
      return Optional.of(
          new PartState(
              text(root.path("etag")), root.path("size").asLong(), text(root.path("checksum"))));
    } catch (IOException e) {
      return Optional.empty();
    }
  }

  private static Optional<String> text(JsonNode node) {
    return node.isTextual() ? Optional.of(node.asText()) : Optional.empty();
  }

  void write(Path file) throws IOException {
    var root = JSON.createObjectNode().put("size", size);
    etag.ifPresent(text -> root.put("etag", text));
    checksum.ifPresent(text -> root.put("checksum", text));
    Files.write(file, JSON.writeValueAsBytes(root));
  }

  /**
   * A weak tag names content that may differ in its bytes, so no range can be asked by it (RFC
   * 9110, 13.1.5).
   */
  Optional<String> strongTag() {
    return etag.filter(tag -> tag.startsWith("\""));
  }

  /**
   * Whether a range may be asked for: some tag or checksum must tell if the rest belongs to the
   * same file.
   */
  boolean resumable(RemoteFile file) {
    boolean sameFile =
        (file.size().isEmpty() || file.size().get() == size)
            && checksum.equals(file.checksum().map(Checksum::hex));
    return sameFile && (checksum.isPresent() || strongTag().isPresent());
  }
}
