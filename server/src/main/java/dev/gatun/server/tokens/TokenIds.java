// TokenIds: token ids that a request sends.
package dev.gatun.server.tokens;

import com.fasterxml.jackson.databind.JsonNode;
import dev.gatun.Gatun;
import dev.gatun.server.ApiError;
import dev.gatun.server.Fields;

public final class TokenIds {
  private TokenIds() {}

  /**
   * @param path of the array in the request, for messages
   * @throws ApiError for what is no array of tokens that the model has
   */
  public static int[] read(String path, JsonNode array, Gatun model) {
    if (!array.isArray()) {
      throw ApiError.invalid(path, path + " is no array of token ids; send one");
    }
    int most = model.dialect().tokenizer().vocabSize() - 1;
    int[] ids = new int[array.size()];
    for (int i = 0; i < ids.length; i++) {
      JsonNode id = array.get(i);
      if (!Fields.isInteger(id) || !id.canConvertToInt()) {
        throw ApiError.invalid(path, path + "[" + i + "] is no token id; send integers");
      }
      ids[i] = id.intValue();
      if (ids[i] < 0 || ids[i] > most) {
        throw ApiError.invalid(
            path, path + "[" + i + "] is " + ids[i] + "; the model's are 0 to " + most);
      }
    }
    return ids;
  }
}
