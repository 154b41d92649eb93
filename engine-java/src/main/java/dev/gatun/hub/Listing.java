// Listing: the files of a repository, from the answers of the server.
package dev.gatun.hub;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * Reads the two forms in which a server lists files (source: Hugging Face Hub API, "tree" and
 * "model info").
 *
 * <pre>
 * tree:     [{"type": "file", "path": "x.gguf", "size": 9, "oid": GIT,
 *             "lfs": {"oid": SHA256, "size": 9}}, …]
 * siblings: {"siblings": [{"rfilename": "x.gguf", "size": 9, "blobId": GIT,
 *             "lfs": {"sha256": SHA256, "size": 9}}, …]}
 * </pre>
 *
 * The git id of a large file is the one of its pointer, so it counts only where there is no {@code
 * lfs}.
 */
final class Listing {
  private Listing() {}

  /** Empty where the answer is not of this form. */
  static Optional<List<RemoteFile>> tree(JsonNode answer) {
    if (!answer.isArray()) {
      return Optional.empty();
    }
    List<RemoteFile> files = new ArrayList<>();
    for (JsonNode entry : answer) {
      if (entry.path("type").asText("file").equals("file")) {
        files.add(file(entry.path("path").asText(), entry, "oid", "oid"));
      }
    }
    return Optional.of(files);
  }

  /** Empty where the answer is not of this form. */
  static Optional<List<RemoteFile>> siblings(JsonNode answer) {
    if (!answer.path("siblings").isArray()) {
      return Optional.empty();
    }
    List<RemoteFile> files = new ArrayList<>();
    for (JsonNode entry : answer.path("siblings")) {
      files.add(file(entry.path("rfilename").asText(), entry, "blobId", "sha256"));
    }
    return Optional.of(files);
  }

  private static RemoteFile file(String path, JsonNode entry, String gitField, String lfsField) {
    JsonNode lfs = entry.path("lfs");
    JsonNode size = lfs.path("size").canConvertToLong() ? lfs.path("size") : entry.path("size");
    Optional<Checksum> checksum =
        lfs.isObject()
            ? Checksum.of(Checksum.Kind.SHA256, lfs.path(lfsField).asText())
            : Checksum.of(Checksum.Kind.GIT_BLOB, entry.path(gitField).asText());
    return new RemoteFile(
        path, size.canConvertToLong() ? Optional.of(size.asLong()) : Optional.empty(), checksum);
  }
}
