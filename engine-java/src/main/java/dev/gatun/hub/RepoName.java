// RepoName: what the user wrote after -hf.
package dev.gatun.hub;

import dev.gatun.refusal.Refusal;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * {@code owner/repo[:choice]}.
 *
 * @param choice a file of the repository ({@code x.gguf}) or a quantisation ({@code Q4_K_M})
 */
record RepoName(String owner, String repo, Optional<String> choice) {
  private static final String NAME = "([A-Za-z0-9_][A-Za-z0-9._-]*)";
  private static final Pattern SPEC = Pattern.compile(NAME + "/" + NAME + "(?::(.+))?");

  static boolean isName(String spec) {
    return SPEC.matcher(spec.strip()).matches() && !spec.contains("..");
  }

  static RepoName parse(String spec) {
    Matcher m = SPEC.matcher(spec.strip());
    if (!isName(spec) || !m.matches()) {
      throw Refusal.usage(
          "\"" + spec + "\" does not name a repository",
          "write -hf owner/repo, owner/repo:Q4_K_M or owner/repo:file.gguf");
    }
    return new RepoName(m.group(1), m.group(2), Optional.ofNullable(m.group(3)));
  }

  String id() {
    return owner + "/" + repo;
  }
}
