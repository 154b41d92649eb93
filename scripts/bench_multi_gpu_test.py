#!/usr/bin/env python3
"""bench_multi_gpu_test: a matrix of a tiny model on simulated devices, stopped and gone on with, and its plot.

Usage: scripts/bench_multi_gpu_test.py MatrixTest | PlotTest   (GATUN names a program other than ./gatun)
"""

import csv
import gzip
import os
import shutil
import subprocess
import sys
import tempfile
import unittest

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
MODEL = os.path.join(ROOT, "engine-java", "src", "test", "resources", "oracle", "gguf", "qwen3-moe-q4_k_m.gguf.gz")
GATUN = os.environ.get("GATUN", os.path.join(ROOT, "gatun"))


class Folder(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.path = os.path.join(folder.name, "devices.csv")

    def rows(self):
        with open(self.path, newline="") as file:
            return list(csv.DictReader(file))


class MatrixTest(Folder):
    def run_script(self, *more):
        command = [os.path.join(ROOT, "scripts", "bench-multi-gpu"), "--gatun", GATUN, "--on", "sim", "--memory", "1G", "-t", "2",
                   "-p", "4", "-n", "2", "-np", "1", "-r", "1", "--no-plot", "--output", self.path, *more]
        return subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)

    def test_goes_on_where_it_was_stopped(self):
        model = os.path.join(os.path.dirname(self.path), "tiny-moe.gguf")
        with gzip.open(MODEL) as packed, open(model, "wb") as file:
            shutil.copyfileobj(packed, file)
        first = self.run_script("-m", model, "--devices", "1,2", "--split-modes", "expert")
        self.assertEqual(0, first.returncode, first.stderr)
        self.assertIn("4 rows appended", first.stderr)
        with open(self.path) as file:
            before = file.read()

        modes = ["expert", "layer", "hybrid", "data"]
        second = self.run_script("-m", model, "--devices", "1,2", "--split-modes", ",".join(modes), "-np", "1,3")
        self.assertEqual(0, second.returncode, second.stderr)
        self.assertIn("12 rows appended", second.stderr)
        self.assertIn("4 were there", second.stderr)
        self.assertIn("left out: gatun: 2 devices for 1 layers", second.stderr)
        with open(self.path) as file:
            self.assertTrue(file.read().startswith(before), "rows that were there have changed")

        rows = self.rows()
        of_one, of_three = [(1, "pp4"), (1, "tg2")], [(3, "pp4"), (3, "tg2")]
        placed = [("none", of_one), ("expert", of_one), ("none", of_three), ("expert", of_three),
                  ("hybrid", of_one + of_three), ("data", of_one + of_three)]
        self.assertEqual([(mode, *each) for mode, tests in placed for each in tests],
                         [(row["split_mode"], int(row["parallel"]), row["test"]) for row in rows])
        for row in rows:
            self.assertEqual(row["devices"], f"sim:{row['count']}x1G")
            self.assertGreater(float(row["ts_median"]), 0)
            self.assertEqual(row["test"] == "pp4", row["bandwidth_percent"] == "")
            self.assertEqual(row["test"] == "tg2", row["int8_percent"] == "")
            if row["count"] == "1":
                self.assertEqual("0", row["exchange_bytes_per_token"])
                continue
            self.assertGreater(int(row["exchange_bytes_per_token"]), 0)
            self.assertGreater(float(row["exchange_us_per_token"]), 0)
            self.assertTrue(0 < float(row["balance"]) <= 1, row["balance"])
            planned = [int(each) for each in row["planned_memory_bytes"].split("/")]
            allocated = [int(each) for each in row["allocated_memory_bytes"].split("/")]
            self.assertEqual(2, len(planned))
            for plan, actual in zip(planned, allocated, strict=True):
                self.assertGreater(plan, 0)
                self.assertLess(abs(actual - plan), plan / 20, row)

    def test_rows_of_other_columns_are_not_mixed_with_its_own(self):
        with open(self.path, "w") as file:
            file.write("date,commit\n2026-11-29,80b7d7f\n")
        result = self.run_script("--synthetic", "qwen3-30b-a3b:layers=1", "--devices", "1")
        self.assertEqual(1, result.returncode)
        self.assertIn("has other columns", result.stderr)
        self.assertEqual(1, len(self.rows()))

    def test_one_sequence_is_among_the_numbers_of_sequences(self):
        result = self.run_script("-np", "8")
        self.assertEqual(2, result.returncode)
        self.assertIn("1 among them", result.stderr)

    def test_a_model_that_is_not_there_measures_nothing(self):
        result = self.run_script("-m", os.path.join(os.path.dirname(self.path), "none.gguf"), "--devices", "2")
        self.assertEqual(2, result.returncode)
        self.assertIn("no model at", result.stderr)
        self.assertFalse(os.path.exists(self.path))


class PlotTest(Folder):
    def test_the_same_rows_give_the_same_pictures(self):
        sys.path.insert(0, os.path.join(ROOT, "scripts"))
        script = {"__name__": "bench_multi_gpu", "__file__": os.path.join(ROOT, "scripts", "bench-multi-gpu")}
        with open(script["__file__"]) as file:
            exec(compile(file.read(), script["__file__"], "exec"), script)
        rows = [row(count, mode, parallel, test) for count in (1, 2, 4)
                for mode in (["none"] if count == 1 else ["tensor", "expert", "data"])
                for parallel in (1, 8) for test in ("pp4", "tg2")]
        script["plot"](rows, "a title", self.path + ".1")
        script["plot"](rows, "a title", self.path + ".2")
        for kind, start in ((".png", b"\x89PNG"), (".svg", b"<?xml")):
            with open(self.path + ".1" + kind, "rb") as one, open(self.path + ".2" + kind, "rb") as two:
                content = one.read()
                self.assertTrue(content.startswith(start))
                self.assertEqual(content, two.read())
        for word in (b"a title", b"tensor", b"expert", b"data", b"one device", b"8 sequences at once", b"fullest device",
                     b"12 KiB"):
            self.assertIn(word, content)


def row(count, mode, parallel, test):
    memory = "/".join(["1073741824"] * count)
    return {"count": str(count), "split_mode": mode, "parallel": str(parallel), "test": test,
            "ts_median": str(10.5 * count * parallel), "exchange_percent": "3.5",
            "exchange_bytes_per_token": "12288", "planned_memory_bytes": memory, "allocated_memory_bytes": memory}


if __name__ == "__main__":
    unittest.main()
