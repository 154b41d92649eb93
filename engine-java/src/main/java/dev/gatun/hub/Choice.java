// Choice: which files of a repository make the model that was asked for.
package dev.gatun.hub;

import dev.gatun.refusal.Refusal;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.function.Predicate;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * The files of one model.
 *
 * @param files for a GGUF its parts in order; for a folder its files, small ones first
 * @param folder whether the model is the folder rather than the first file
 */
record Choice(List<RemoteFile> files, boolean folder) {
  private static final Pattern PART =
      Pattern.compile("(.+)-(\\d{5})-of-(\\d{5})\\.gguf", Pattern.CASE_INSENSITIVE);
  // Companions of a model that bear the name of a quantisation but are no language model.
  private static final Pattern COMPANION =
      Pattern.compile("(?i)(^|.*[-._])(mmproj|imatrix)([-._].*|$)");
  private static final List<String> PREFERRED = List.of("Q4_K_M", "Q8_0");
  private static final Pattern FOLDER =
      Pattern.compile(
          "(config|generation_config|quantize_config|quant_config|vocab|added_tokens)\\.json"
              + "|tokenizer.*\\.json|(tokenizer|tiktoken)\\.model|merges\\.txt|special_tokens_map\\.json"
              + "|chat_template\\.(jinja|json)|.+\\.safetensors\\.index\\.json");

  /**
   * Chooses among {@code listed}.
   *
   * <ul>
   *   <li>{@code file.gguf}: that file, with the other parts if it is split;
   *   <li>a quantisation: the GGUF in whose name it stands as a whole word, in any case; failing
   *       that, the only one that contains it;
   *   <li>nothing: the GGUF in Q4_K_M, else in Q8_0, else the first, as llama.cpp does; in a
   *       repository without GGUF the safetensors with configuration and tokenizer.
   * </ul>
   *
   * @throws Refusal USAGE where nothing or more than one model answers to the choice; MODEL where a
   *     part is missing
   */
  static Choice of(List<RemoteFile> listed, String repo, Optional<String> wanted) {
    Map<String, List<RemoteFile>> models = models(listed);
    if (wanted.isPresent()) {
      String choice = wanted.get();
      return choice.toLowerCase(Locale.ROOT).endsWith(".gguf")
          ? file(models, listed, repo, choice)
          : quant(models, listed, repo, choice);
    }
    return PREFERRED.stream()
        .flatMap(quant -> matching(models, wholeWord(quant)).stream())
        .findFirst()
        .or(() -> matching(models, _ -> true).stream().findFirst())
        .or(() -> models.values().stream().findFirst())
        .map(parts -> complete(parts, repo))
        .orElseGet(() -> safetensors(listed, repo));
  }

  // Every GGUF model by its path without part number; companions too, for whoever names one.
  private static Map<String, List<RemoteFile>> models(List<RemoteFile> listed) {
    return listed.stream()
        .filter(file -> file.path().toLowerCase(Locale.ROOT).endsWith(".gguf"))
        .sorted(Comparator.comparing(RemoteFile::path))
        .collect(Collectors.groupingBy(Choice::stem, TreeMap::new, Collectors.toList()));
  }

  private static String stem(RemoteFile file) {
    Matcher part = PART.matcher(file.path());
    return part.matches()
        ? part.group(1) + "-of-" + part.group(3)
        : file.path().substring(0, file.path().length() - ".gguf".length());
  }

  private static Choice file(
      Map<String, List<RemoteFile>> models, List<RemoteFile> listed, String repo, String wanted) {
    List<List<RemoteFile>> found = having(models, file -> file.path().equals(wanted));
    if (found.isEmpty()) {
      found = having(models, file -> file.name().equalsIgnoreCase(wanted));
    }
    if (found.size() != 1) {
      throw notFound(listed, repo, wanted, "file");
    }
    return complete(found.getFirst(), repo);
  }

  private static List<List<RemoteFile>> having(
      Map<String, List<RemoteFile>> models, Predicate<RemoteFile> test) {
    return models.values().stream().filter(parts -> parts.stream().anyMatch(test)).toList();
  }

  private static Choice quant(
      Map<String, List<RemoteFile>> models, List<RemoteFile> listed, String repo, String wanted) {
    List<List<RemoteFile>> found = matching(models, wholeWord(wanted));
    if (found.isEmpty()) {
      String lower = wanted.toLowerCase(Locale.ROOT);
      found = matching(models, name -> name.toLowerCase(Locale.ROOT).contains(lower));
    }
    if (found.isEmpty()) {
      throw notFound(listed, repo, wanted, "GGUF of quantisation");
    }
    if (found.size() > 1) {
      throw Refusal.usage(
          found.size()
              + " models of "
              + repo
              + " answer to \""
              + wanted
              + "\": "
              + names(found.stream().map(parts -> parts.getFirst().path())),
          "name one of these files after the colon");
    }
    return complete(found.getFirst(), repo);
  }

  // Letters and digits bound a word, and an underscore after it: Q4_K is not a word of Q4_K_M, nor
  // Q4_XS of IQ4_XS.
  private static Predicate<String> wholeWord(String quant) {
    Pattern pattern =
        Pattern.compile(
            "(?<![A-Za-z0-9])" + Pattern.quote(quant) + "(?![A-Za-z0-9_])",
            Pattern.CASE_INSENSITIVE);
    return name -> pattern.matcher(name).find();
  }

  // By file name, not by folder: a folder BF16/ may hold files of any name.
  private static List<List<RemoteFile>> matching(
      Map<String, List<RemoteFile>> models, Predicate<String> name) {
    return models.values().stream()
        .filter(parts -> !COMPANION.matcher(parts.getFirst().name()).matches())
        .filter(parts -> name.test(parts.getFirst().name()))
        .toList();
  }

  private static Choice complete(List<RemoteFile> parts, String repo) {
    Matcher part = PART.matcher(parts.getFirst().path());
    int expected = part.matches() ? Integer.parseInt(part.group(3)) : 1;
    for (int i = 0; part.matches() && i < expected; i++) {
      String name =
          String.format(Locale.ROOT, "%s-%05d-of-%05d.gguf", part.group(1), i + 1, expected);
      if (i >= parts.size() || !parts.get(i).path().equalsIgnoreCase(name)) {
        throw Refusal.model(
            repo + " lacks " + name + ", part " + (i + 1) + " of " + expected,
            "choose another model of it");
      }
    }
    return new Choice(parts, false);
  }

  private static Choice safetensors(List<RemoteFile> listed, String repo) {
    List<RemoteFile> top = listed.stream().filter(file -> !file.path().contains("/")).toList();
    List<RemoteFile> tensors =
        top.stream().filter(file -> file.path().endsWith(".safetensors")).toList();
    // Some repositories hold the weights twice, a second time as consolidated.safetensors.
    List<RemoteFile> usual =
        tensors.stream().filter(file -> file.path().startsWith("model")).toList();
    List<RemoteFile> weights = usual.isEmpty() ? tensors : usual;
    if (weights.isEmpty() || top.stream().noneMatch(file -> file.path().equals("config.json"))) {
      throw Refusal.usage(
          repo
              + " holds neither a GGUF file nor config.json with safetensors: "
              + names(listed.stream().map(RemoteFile::path)),
          "name a repository of a language model");
    }
    Stream<RemoteFile> small = top.stream().filter(file -> FOLDER.matcher(file.path()).matches());
    return new Choice(Stream.concat(small, weights.stream()).toList(), true);
  }

  private static Refusal notFound(
      List<RemoteFile> listed, String repo, String wanted, String what) {
    List<String> ggufs =
        listed.stream().map(RemoteFile::path).filter(path -> path.endsWith(".gguf")).toList();
    return Refusal.usage(
        repo
            + " has no "
            + what
            + " \""
            + wanted
            + "\"; "
            + (ggufs.isEmpty()
                ? "it holds no GGUF at all"
                : "near it: " + names(SimilarNames.mostSimilarFirst(wanted, ggufs))),
        "name one that it has after the colon");
  }

  private static String names(Stream<String> paths) {
    return paths.limit(6).collect(Collectors.joining(", "));
  }
}
