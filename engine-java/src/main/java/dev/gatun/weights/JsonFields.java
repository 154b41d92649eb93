// JsonFields: reads small JSON files within bounds of size, depth and length.
package dev.gatun.weights;

import com.fasterxml.jackson.core.JacksonException;
import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.StreamReadConstraints;
import com.fasterxml.jackson.core.StreamReadFeature;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.ObjectReader;
import com.fasterxml.jackson.databind.json.JsonMapper;
import dev.gatun.refusal.Refusal;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;

final class JsonFields {
  /**
   * An index of 160 shards has 9 MB; what a text of this size can cost in memory stays below 1 GiB.
   */
  static final int MAX_BYTES = 32 << 20;

  private static final ObjectReader OBJECTS =
      JsonMapper.builder(
              JsonFactory.builder()
                  .streamReadConstraints(
                      StreamReadConstraints.builder()
                          .maxNestingDepth(64)
                          .maxNumberLength(64)
                          .maxStringLength(MAX_BYTES)
                          .build())
                  .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
                  .disable(JsonFactory.Feature.INTERN_FIELD_NAMES)
                  .disable(JsonFactory.Feature.CANONICALIZE_FIELD_NAMES)
                  .build())
          .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
          .build()
          .readerForMapOf(Object.class);

  private JsonFields() {}

  /** The object that {@code text} holds; refuses everything else. */
  static Fields object(byte[] text, String source) {
    try {
      Map<String, Object> values = OBJECTS.readValue(text);
      if (values != null) {
        return new Fields(source, values);
      }
    } catch (JacksonException e) {
      throw notJson(source, e.getOriginalMessage());
    } catch (IOException e) {
      throw notJson(source, e.getMessage());
    }
    throw notJson(source, "it is null");
  }

  /** The object in a file. */
  static Fields read(Path path) {
    String source = "'" + path.getFileName() + "'";
    try {
      long size = Files.size(path);
      if (size > MAX_BYTES) {
        throw Refusal.model(
            source + " has " + size + " bytes, expected at most " + MAX_BYTES,
            "download the model again");
      }
      return object(Files.readAllBytes(path), source);
    } catch (IOException e) {
      throw Refusal.io(
          "cannot read '" + path + "': " + e.getMessage(), "check that the file is readable", e);
    }
  }

  private static Refusal notJson(String source, String message) {
    String first = message == null ? "" : message.lines().findFirst().orElse("");
    return Refusal.model(
        source + " is not valid JSON: " + first.substring(0, Math.min(200, first.length())),
        "the file is truncated or damaged: download it again");
  }
}
