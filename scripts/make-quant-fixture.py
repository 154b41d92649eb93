#!/usr/bin/env python3
# make-quant-fixture.py: random blocks of every GGUF type with what the reference dequantises them to.
# Needs numpy and gguf 0.19. Writes kernels-cpu/test/quant_blocks.bin: for each type four int32 (type, blocks, bytes of
# a block, columns of a block), the blocks, and their float32 weights.
import pathlib

import gguf
import numpy as np

# Type: byte offsets of its float16 fields; all other bytes may be anything.
TYPES = {
    "Q4_0": [0], "Q4_1": [0, 2], "Q5_0": [0], "Q5_1": [0, 2], "Q8_0": [0],
    "Q2_K": [80, 82], "Q3_K": [108], "Q4_K": [0, 2], "Q5_K": [0, 2], "Q6_K": [208],
    "IQ4_NL": [0], "IQ4_XS": [0], "F16": [0], "BF16": [],
}
# Ends of the range, both zeros, subnormals; then random finite ones.
SPECIAL = np.array([0x0000, 0x8000, 0x0001, 0x83FF, 0x0400, 0x7BFF, 0xFBFF, 0x3C00], dtype=np.uint16)


def main():
    random = np.random.default_rng(20)
    out = bytearray()
    for name, fields in TYPES.items():
        kind = gguf.GGMLQuantizationType[name]
        columns, size = gguf.GGML_QUANT_SIZES[kind]
        count = 10 if columns == 256 else 24 if columns == 32 else 256
        blocks = random.integers(0, 256, (count, size), dtype=np.uint8)
        for offset in fields:
            halves = random.integers(0, 0x7C00, count, dtype=np.uint16) | (
                random.integers(0, 2, count, dtype=np.uint16) << 15)
            halves[: len(SPECIAL)] = random.permutation(SPECIAL)
            blocks[:, offset : offset + 2] = halves.view(np.uint8).reshape(count, 2)
        if name == "BF16":
            blocks[:, 1] &= 0xBF  # finite
        weights = gguf.quants.dequantize(blocks, kind).astype(np.float32)
        assert np.isfinite(weights).all() or name == "Q4_1" or columns == 256
        out += np.array([kind.value, count, size, columns], dtype="<i4").tobytes()
        out += blocks.tobytes() + weights.astype("<f4").tobytes()
    target = pathlib.Path(__file__).parent.parent / "kernels-cpu" / "test" / "quant_blocks.bin"
    target.write_bytes(out)
    print(target.name, len(out), "bytes")


if __name__ == "__main__":
    main()
