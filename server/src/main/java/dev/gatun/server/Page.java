// Page: the files of the page to chat on.
package dev.gatun.server;

import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.Reader;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.Properties;

/**
 * Their list, {@code page/files.properties}, names each path with its content type and its file on
 * the class path. Nothing else is served, and nothing that came from a request becomes a file name.
 */
final class Page {
  private static final String LIST = "page/files.properties";

  /** Script and style are the page's files alone, and it speaks with nobody but this server. */
  private static final String POLICY =
      "default-src 'none'; script-src 'self'; style-src 'self'; font-src 'self'; img-src 'self'"
          + " data:; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors"
          + " 'none'";

  private Page() {}

  /** Everybody may load the page; what it asks of the model needs the key. */
  static void addTo(Routes routes) {
    Properties files = list();
    for (String path : files.stringPropertyNames()) {
      String[] file = files.getProperty(path).split(", ");
      routes.open(path, new PageFile(file[0], file[1]));
    }
  }

  private static Properties list() {
    Properties files = new Properties();
    try (Reader reader =
        new InputStreamReader(Page.class.getResourceAsStream(LIST), StandardCharsets.UTF_8)) {
      files.load(reader);
      return files;
    } catch (IOException e) {
      throw new IllegalStateException(e); // it is in the jar
    }
  }

  /** Read when first asked for. A browser keeps it, and asks whether it has changed. */
  private static final class PageFile implements Route {
    private final String type;
    private final String file;
    private volatile byte[] content;
    private volatile String tag;

    PageFile(String type, String file) {
      this.type = type;
      this.file = file;
    }

    @Override
    public void answer(Call call) throws IOException {
      if (content == null) {
        read();
      }
      call.set("Content-Security-Policy", POLICY);
      call.set("X-Content-Type-Options", "nosniff");
      call.set("Referrer-Policy", "no-referrer");
      call.set("Cache-Control", "no-cache");
      call.set("ETag", tag);
      boolean known = call.header("If-None-Match").filter(tag::equals).isPresent();
      call.answer(known ? 304 : 200, type, known ? new byte[0] : content);
    }

    private synchronized void read() throws IOException {
      try (InputStream in = Page.class.getClassLoader().getResourceAsStream(file)) {
        byte[] bytes = in.readAllBytes();
        tag = '"' + HexFormat.of().formatHex(digest(bytes), 0, 8) + '"';
        content = bytes;
      }
    }

    private static byte[] digest(byte[] bytes) {
      try {
        return MessageDigest.getInstance("SHA-256").digest(bytes);
      } catch (NoSuchAlgorithmException e) {
        throw new IllegalStateException(e); // every Java platform has it
      }
    }
  }
}
