// Completed: what came of one prompt.
package dev.gatun.server.openai;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.gatun.Gatun;
import dev.gatun.chat.Answer;
import dev.gatun.chat.AnswerListener;
import dev.gatun.chat.ChatOptions;
import dev.gatun.chat.FinishReason;
import dev.gatun.chat.ScoredAnswer;
import dev.gatun.chat.TokenLogProb;
import dev.gatun.server.Json;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;

/**
 * @param scores of the prompt's tokens but the first, where they are told
 * @param answer empty where nothing was drawn
 */
record Completed(CompletionPrompt prompt, List<TokenLogProb> scores, Optional<Answer> answer) {
  /**
   * @param scored hears the scores before the listener hears anything, where they are told
   */
  static Completed of(
      Gatun model,
      CompletionRequest request,
      int index,
      ChatOptions options,
      AnswerListener listener,
      Consumer<List<TokenLogProb>> scored) {
    CompletionPrompt prompt = request.prompt(index);
    int[] ids = prompt.ids();
    boolean tellsScores = request.echo() && request.logProbs();
    if (request.scoresAlone()) {
      int top = options.topLogProbs();
      List<TokenLogProb> scores =
          tellsScores ? model.score(ids, top, options.cancellation()) : List.of();
      scored.accept(scores);
      return new Completed(prompt, scores, Optional.empty());
    }
    if (tellsScores) {
      ScoredAnswer both = model.completeScored(ids, options, listener, scored);
      return new Completed(prompt, both.prompt(), Optional.of(both.answer()));
    }
    return new Completed(prompt, List.of(), Optional.of(model.complete(ids, options, listener)));
  }

  ObjectNode choice(CompletionRequest request, int index, Gatun model) {
    String told = (request.echo() ? prompt.text() : "") + answer.map(Answer::text).orElse("");
    ObjectNode choice = Json.object().put("index", index).put("text", told);
    if (request.logProbs()) {
      choice.set("logprobs", logProbs(request.echo(), model));
    } else {
      choice.putNull("logprobs");
    }
    return choice.put("finish_reason", finish());
  }

  String finish() {
    return answer.map(Answer::finish).map(AnswerJson::finish).orElse("length");
  }

  private ObjectNode logProbs(boolean echo, Gatun model) {
    TokenScores scores = new TokenScores(model.dialect().tokenizer());
    Optional<ObjectNode> before =
        echo ? Optional.of(scores.ofPrompt(prompt, this.scores)) : Optional.empty();
    ObjectNode drawn = scores.ofAnswer(answer.map(Answer::logProbs).orElse(List.of()));
    if (answer.map(Answer::finish).equals(Optional.of(FinishReason.END_OF_TEXT))) {
      scores.addEnd(drawn); // lm-eval counts on one entry for each token
    }
    return before.map(first -> TokenScores.joined(first, drawn)).orElse(drawn);
  }
}
