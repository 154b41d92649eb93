// CachedRevision: one revision of a repository in the cache folder: what was listed, what is here.
package dev.gatun.hub;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * The folder of a revision. The listing of the last fetch lets a later one choose the same files
 * without a network.
 */
final class CachedRevision {
  private static final ObjectMapper JSON = new ObjectMapper();

  private final Path folder;
  private List<RemoteFile> listed = List.of();
  private final Map<String, RemoteFile> kept =
      new LinkedHashMap<>(); // by path, with the size it has here

  private CachedRevision(Path folder) {
    this.folder = folder;
  }

  /** Reads the record; an unreadable one counts as none, so that the network is asked. */
  static CachedRevision open(Path folder) {
    CachedRevision cached = new CachedRevision(folder);
    Path record = cached.record();
    if (Files.exists(record)) {
      try {
        JsonNode root = JSON.readTree(Files.readAllBytes(record));
        cached.listed = files(root.path("listed"));
        files(root.path("kept")).forEach(file -> cached.kept.put(file.path(), file));
      } catch (IOException | RuntimeException e) {
        return new CachedRevision(folder);
      }
    }
    return cached;
  }

  Path folder() {
    return folder;
  }

  /** What the server listed last; empty where it was never asked. */
  List<RemoteFile> listed() {
    return listed;
  }

  /** Whether the file is here as it is listed; looks at size and record, not at the content. */
  boolean holds(RemoteFile file) {
    Optional<RemoteFile> here = Optional.ofNullable(kept.get(file.path()));
    try {
      Path path = path(file);
      return here.isPresent()
          && file.agrees(here.get())
          && Files.isRegularFile(path)
          && here.get().size().equals(Optional.of(Files.size(path)));
    } catch (IOException e) {
      return false;
    }
  }

  /** Computes the checksum of a file that is here; one that is wrong is no longer held. */
  void verify(RemoteFile file) throws InterruptedException {
    Optional<Checksum> checksum =
        Optional.ofNullable(kept.get(file.path())).flatMap(RemoteFile::checksum);
    try {
      if (checksum.isPresent() && !checksum.get().matches(path(file))) {
        kept.remove(file.path());
      }
    } catch (IOException e) {
      kept.remove(file.path());
    }
  }

  /** Where the file is or will be. */
  Path path(RemoteFile file) {
    return folder.resolve(file.path());
  }

  void list(List<RemoteFile> files) {
    listed = files;
    write();
  }

  void keep(RemoteFile file, long size) {
    kept.put(file.path(), new RemoteFile(file.path(), Optional.of(size), file.checksum()));
    write();
  }

  private Path record() {
    return folder.resolve(".gatun-revision.json");
  }

  private void write() {
    ObjectNode root = JSON.createObjectNode();
    listed.forEach(file -> put(root.withArray("listed"), file));
    kept.values().forEach(file -> put(root.withArray("kept"), file));
    Path draft = folder.resolve(".gatun-revision.json.tmp");
    try {
      Files.write(draft, JSON.writerWithDefaultPrettyPrinter().writeValueAsBytes(root));
      Files.move(draft, record(), StandardCopyOption.ATOMIC_MOVE);
    } catch (IOException e) {
      throw CacheFolder.unwritable(record(), e);
    }
  }

  private static void put(ArrayNode array, RemoteFile file) {
    ObjectNode node = array.addObject().put("path", file.path());
    file.size().ifPresent(size -> node.put("size", size));
    file.checksum().ifPresent(sum -> node.put(sum.kind().name(), sum.hex()));
  }

  private static List<RemoteFile> files(JsonNode array) {
    List<RemoteFile> files = new ArrayList<>();
    for (JsonNode node : array) {
      Optional<Checksum> checksum = Optional.empty();
      for (Checksum.Kind kind : Checksum.Kind.values()) {
        checksum = checksum.or(() -> Checksum.of(kind, node.path(kind.name()).asText()));
      }
      JsonNode size = node.path("size");
      files.add(
          new RemoteFile(
              node.path("path").asText(),
              size.canConvertToLong() ? Optional.of(size.asLong()) : Optional.empty(),
              checksum));
    }
    return files;
  }
}
