// UnpackedProductsTest: into which runs of rows a weight is cut.
package dev.gatun.device;

import static org.junit.jupiter.api.Assertions.assertEquals;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class UnpackedProductsTest {
  @ParameterizedTest
  @CsvSource({
    "5120, 5120, 268435456, 5120", // all at once
    "27648, 5120, 268435456, 13824", // two halves, not most of it and a rest
    "5120, 27648, 268435456, 2560",
    "1000, 64, 64000, 500", // 128s do not fit beside each other: 500 rows are all there is room for
    "1000, 64, 76800, 512",
    "100, 64, 128, 1", // a row at a time
    "17, 32, 1000000, 17"
  })
  void sharesAreEqualAndFit(long rows, long cols, long bytes, long expected) {
    assertEquals(expected, UnpackedProducts.rowsAtOnce(rows, cols, bytes));
  }
}
