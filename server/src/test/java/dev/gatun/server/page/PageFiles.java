// What the page is made of, read from page/files.properties as the server reads it.
package dev.gatun.server.page;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.Map;
import java.util.Properties;
import java.util.TreeMap;

/** Each path that is served, with its content type and its file on the class path. */
final class PageFiles {
  record Entry(String type, String resource) {
    byte[] bytes() {
      try (InputStream in = open(resource)) {
        return in.readAllBytes();
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }
  }

  private PageFiles() {}

  static Map<String, Entry> read() {
    Properties listed = new Properties();
    try (InputStream in = open("dev/gatun/server/page/files.properties")) {
      listed.load(in);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    Map<String, Entry> files = new TreeMap<>();
    for (String path : listed.stringPropertyNames()) {
      String[] value = listed.getProperty(path).split(", ", 2);
      files.put(path, new Entry(value[0], value[1]));
    }
    return files;
  }

  private static InputStream open(String resource) {
    InputStream in = PageFiles.class.getClassLoader().getResourceAsStream(resource);
    if (in == null) {
      throw new IllegalStateException(resource + " is not on the class path");
    }
    return in;
  }
}
