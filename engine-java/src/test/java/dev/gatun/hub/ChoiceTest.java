// ChoiceTest: which files of a repository answer to a choice.
package dev.gatun.hub;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.gatun.refusal.Refusal;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ChoiceTest {
  private static final List<RemoteFile> QUANTS =
      listed(
          "README.md",
          "mmproj-m-Q8_0.gguf",
          "m-imatrix.gguf",
          "m-IQ4_XS.gguf",
          "m-Q4_K_M.gguf",
          "m-Q4_K_S.gguf",
          "m.Q5_0.gguf",
          "m_q6_k.gguf",
          "m-Q8_0.gguf",
          "m-UD-Q2_K_XL.gguf",
          "F16/m-F16.gguf");

  private static List<RemoteFile> listed(String... paths) {
    return Arrays.stream(paths)
        .map(path -> new RemoteFile(path, Optional.of(1L), Optional.empty()))
        .toList();
  }

  private static List<String> chosen(List<RemoteFile> listed, String wanted) {
    return Choice.of(listed, "o/r", Optional.ofNullable(wanted)).files().stream()
        .map(RemoteFile::path)
        .toList();
  }

  private static Refusal refused(List<RemoteFile> listed, String wanted) {
    return assertThrows(Refusal.class, () -> chosen(listed, wanted));
  }

  @ParameterizedTest
  @CsvSource({
    "Q4_K_M, m-Q4_K_M.gguf",
    "q4_k_s, m-Q4_K_S.gguf",
    "IQ4_XS, m-IQ4_XS.gguf",
    "Q5_0, m.Q5_0.gguf",
    "Q6_K, m_q6_k.gguf",
    "Q8_0, m-Q8_0.gguf",
    "Q2_K_XL, m-UD-Q2_K_XL.gguf",
    "Q2_K, m-UD-Q2_K_XL.gguf",
    "f16, F16/m-F16.gguf",
    "m-F16.gguf, F16/m-F16.gguf",
    "F16/m-F16.gguf, F16/m-F16.gguf",
    "mmproj-m-Q8_0.gguf, mmproj-m-Q8_0.gguf"
  })
  void aChoiceMeansOneFile(String wanted, String path) {
    assertEquals(List.of(path), chosen(QUANTS, wanted));
  }

  @Test
  void aPartOfTwoNamesIsNotGuessed() {
    Refusal refusal = refused(QUANTS, "Q4_K");
    assertEquals(Refusal.Reason.USAGE, refusal.reason());
    assertTrue(refusal.getMessage().contains("m-Q4_K_M.gguf, m-Q4_K_S.gguf"), refusal.getMessage());
  }

  @Test
  void anExactNameGoesBeforeOneThatContainsIt() {
    assertEquals(List.of("m-Q4_K.gguf"), chosen(listed("m-Q4_K_M.gguf", "m-Q4_K.gguf"), "Q4_K"));
  }

  @Test
  void anUnknownQuantisationNamesWhatThereIs() {
    String message = refused(QUANTS, "Q3_K_M").getMessage();
    assertTrue(message.contains("near it: m-Q4_K_M.gguf"), message);
    assertTrue(
        refused(listed("model.safetensors"), "Q4_0").getMessage().contains("no GGUF at all"));
  }

  @Test
  void withoutChoiceTheUsualQuantisationIsTaken() {
    assertEquals(List.of("m-Q4_K_M.gguf"), chosen(QUANTS, null));
    assertEquals(List.of("m-Q8_0.gguf"), chosen(listed("m-Q2_K.gguf", "m-Q8_0.gguf"), null));
    assertEquals(List.of("a.gguf"), chosen(listed("mmproj-a.gguf", "b.gguf", "a.gguf"), null));
  }

  @Test
  void aPartOfASplitFileMeansAllOfThem() {
    List<RemoteFile> parts =
        listed("x-00002-of-00003.gguf", "x-00003-of-00003.gguf", "x-00001-of-00003.gguf");
    List<String> ordered =
        List.of("x-00001-of-00003.gguf", "x-00002-of-00003.gguf", "x-00003-of-00003.gguf");
    assertEquals(ordered, chosen(parts, "x-00002-of-00003.gguf"));
    assertEquals(ordered, chosen(parts, null));
  }

  @Test
  void aMissingPartIsNamed() {
    Refusal refusal = refused(listed("x-00001-of-00003.gguf", "x-00003-of-00003.gguf"), null);
    assertEquals(Refusal.Reason.MODEL, refusal.reason());
    assertTrue(refusal.getMessage().contains("lacks x-00002-of-00003.gguf"), refusal.getMessage());
    assertTrue(
        refused(listed("x-00001-of-99999.gguf"), null)
            .getMessage()
            .contains("x-00002-of-99999.gguf"));
  }

  @Test
  void safetensorsNeedTheirConfiguration() {
    assertEquals(
        List.of("config.json", "weights.safetensors"),
        chosen(listed("weights.safetensors", "config.json", "LICENSE"), null));
    assertTrue(refused(listed("model.safetensors"), null).getMessage().contains("neither a GGUF"));
    assertTrue(
        refused(listed("config.json", "pytorch_model.bin"), null)
            .getMessage()
            .contains("neither a GGUF"));
  }
}
