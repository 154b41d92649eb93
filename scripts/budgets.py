#!/usr/bin/env python3
"""budgets: fails when a tracked file has too many lines, or all of them together too many bytes.

A file may be over its budget by a row of the table "Files over their budget" in docs/decisions.md, which names the
lines it may have. A row that is no longer needed fails too, so that the table stays true.
"""

import pathlib
import re
import subprocess
import sys

TOTAL_BYTES = 32 * 1024 * 1024
JAVA_LINES = 300
KERNEL_LINES = 400
KERNEL_SUFFIXES = {".c", ".h", ".cpp", ".hpp", ".cu", ".cuh"}
GENERATED = "bindings/src/main/java/"  # jextract's output
TABLE = "## Files over their budget"
ROW = re.compile(r"^\| `(?P<path>[^`]+)` \| (?P<lines>\d+) \|.*\|$")


def budget(path):
    """Lines that a file may have, or None where it has no budget."""
    suffix = pathlib.PurePosixPath(path).suffix
    if path.startswith(GENERATED):
        return None
    if suffix == ".java":
        return JAVA_LINES
    return KERNEL_LINES if suffix in KERNEL_SUFFIXES else None


def exceptions(decisions):
    """Path to allowed lines, from the text of docs/decisions.md. A row that cannot be read is an error, not a blank."""
    _, found, section = decisions.partition(TABLE + "\n")
    if not found:
        return {}
    rows = [line for line in section.split("\n## ")[0].splitlines() if line.startswith("|")]
    allowed = {}
    for row in rows[2:]:  # below the names of the columns and their rule
        match = ROW.match(row)
        if not match:
            raise ValueError(f"docs/decisions.md: cannot read the row {row!r}; write | `path` | lines | why |")
        allowed[match["path"]] = int(match["lines"])
    return allowed


def complaints(lines, allowed):
    """One line for each file over its budget and each row of the table that is not needed."""
    for path, count in sorted(lines.items()):
        limit = allowed.get(path, budget(path))
        if limit is not None and count > limit:
            yield f"{path}: {count} lines, its budget is {limit}; split it, or say why in docs/decisions.md"
    for path in sorted(allowed):
        own = budget(path)
        if path not in lines or own is None or lines[path] <= own:
            yield f"{path}: needs no row among the files over their budget; delete the row from docs/decisions.md"


def main():
    root = pathlib.Path(__file__).resolve().parent.parent
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=root, check=True, capture_output=True).stdout
    files = [name for name in listed.decode().split("\0") if name and (root / name).is_file()]
    contents = {name: (root / name).read_bytes() for name in files}
    lines = {name: data.count(b"\n") for name, data in contents.items() if budget(name) is not None}
    found = list(complaints(lines, exceptions((root / "docs/decisions.md").read_text())))
    total = sum(map(len, contents.values()))
    if total >= TOTAL_BYTES:
        largest = max(contents, key=lambda name: len(contents[name]))
        found.append(f"{total} bytes are tracked, fewer than {TOTAL_BYTES} may be; the largest is {largest}")
    for complaint in found:
        print(complaint)
    if found:
        return 1
    print(f"{len(files)} files, {total / 1024 / 1024:.1f} of {TOTAL_BYTES // 1024 // 1024} MiB; all within their budgets")
    return 0


if __name__ == "__main__":
    sys.exit(main())
