// GgufFile: the header of one GGUF file.
package dev.gatun.weights;

final class GgufFile {
  private GgufFile() {}
}
