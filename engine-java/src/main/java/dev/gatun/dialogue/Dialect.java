// Dialect: how a model is spoken to: its tokenizer, its chat template, and what ends an answer.
package dev.gatun.dialogue;

import dev.gatun.chat.Message;
import dev.gatun.refusal.Refusal;
import dev.gatun.text.ChatTemplate;
import dev.gatun.text.Tokenizer;
import dev.gatun.weights.Checkpoint;
import dev.gatun.weights.TokenizerSource;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;

/**
 * @param vocabulary rows of the model's output; ids of the tokenizer are below
 * @param stopIds tokens that end an answer
 */
public record Dialect(
    Tokenizer tokenizer, Optional<ChatTemplate> template, int vocabulary, Set<Integer> stopIds) {

  /** Reads the checkpoint's tokenizer, and the template's text; without one no chat is possible. */
  public static Dialect of(Checkpoint checkpoint, Optional<String> templateText) {
    Tokenizer tokenizer = tokenizer(checkpoint.tokenizer());
    Set<Integer> stopIds = new TreeSet<>(tokenizer.endOfGeneration());
    stopIds.addAll(checkpoint.generation().stopIds());
    return new Dialect(
        tokenizer, templateText.map(ChatTemplate::of), checkpoint.config().vocab(), stopIds);
  }

  public static Tokenizer tokenizer(TokenizerSource source) {
    return switch (source) {
      case TokenizerSource.Folder folder -> Tokenizer.fromFolder(folder.path());
      case TokenizerSource.Gguf gguf -> Tokenizer.fromGguf(gguf.metadata());
    };
  }

  public static Refusal noTemplate() {
    return Refusal.usage(
        "the model has no chat template",
        "give one (--chat-template-file, GatunOptions.withChatTemplate), or use plain completion"
            + " (--raw, Gatun.complete)");
  }

  /**
   * The prompt that asks for the next answer, as the model's template writes it. Where the model
   * expects a first token there is one, whether the template writes it or not.
   */
  public Prompt prompt(List<Message> messages) {
    return prompt(messages, Map.of());
  }

  /**
   * As {@link #prompt(List)}.
   *
   * @param variables further variables of the template; its markers stay the model's own
   */
  public Prompt prompt(List<Message> messages, Map<String, ?> variables) {
    ChatTemplate chat = template.orElseThrow(Dialect::noTemplate);
    Map<String, Object> all = new HashMap<>(variables);
    all.put("bos_token", tokenizer.bosToken());
    all.put("eos_token", tokenizer.eosToken());
    String text = chat.render(messages, true, all);
    return new Prompt(text, encodeText(text));
  }

  /** The ids of a text to be continued, after the first token where the model expects one. */
  public int[] encodeText(String text) {
    return encodeText(text, true);
  }

  /**
   * As {@link #encodeText(String)}.
   *
   * @param parseSpecial whether a special token's text becomes that token
   */
  public int[] encodeText(String text, boolean parseSpecial) {
    int[] ids = tokenizer.encode(text, parseSpecial);
    if (!tokenizer.addsBos() || tokenizer.bos().isEmpty()) {
      return ids;
    }
    int bos = tokenizer.bos().getAsInt();
    if (ids.length > 0 && ids[0] == bos) {
      return ids;
    }
    int[] withBos = new int[ids.length + 1];
    withBos[0] = bos;
    System.arraycopy(ids, 0, withBos, 1, ids.length);
    return withBos;
  }

  /**
   * Whether a drawn token is no part of the text: a special one, but for the tags of thinking,
   * which some files count among those.
   */
  boolean isHidden(int id) {
    return tokenizer.isSpecial(id)
        && !ThinkSplitter.isTag(new String(tokenizer.bytes(id), StandardCharsets.UTF_8));
  }

  /** Token sequences that spell one of {@code texts}, and every token that holds one. */
  public List<List<Integer>> breakers(List<String> texts) {
    List<List<Integer>> sequences = new ArrayList<>();
    for (String text : texts) {
      sequences.add(Arrays.stream(tokenizer.encode(text, false)).boxed().toList());
    }
    for (int id = 0; id < tokenizer.vocabSize(); id++) {
      String piece = new String(tokenizer.bytes(id), StandardCharsets.UTF_8);
      if (texts.stream().anyMatch(piece::contains)) {
        sequences.add(List.of(id));
      }
    }
    return sequences;
  }
}
