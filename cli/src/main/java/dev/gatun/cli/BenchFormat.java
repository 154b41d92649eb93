// BenchFormat: how a bench's results are written.
package dev.gatun.cli;

enum BenchFormat {
  MD,
  JSON,
  JSONL,
  CSV
}
