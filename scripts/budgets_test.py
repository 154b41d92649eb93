#!/usr/bin/env python3
"""budgets_test: what budgets.py lets pass and what it does not."""

import unittest

from budgets import TABLE, budget, complaints, exceptions

DECISIONS = f"""# Decisions
| `not/this.java` | 999 | another table |

{TABLE}

| file | lines | why |
|---|---|---|
| `a/Long.java` | 350 | one table of numbers |

## Next
| `b/Other.java` | 999 | another table |
"""


class BudgetsTest(unittest.TestCase):
    def test_budget_follows_the_kind_of_file(self):
        self.assertEqual(300, budget("engine-java/src/main/java/dev/gatun/graph/Op.java"))
        self.assertEqual(400, budget("kernels-cpu/rope.cpp"))
        self.assertIsNone(budget("bindings/src/main/java/dev/gatun/bindings/Kernels.java"))
        self.assertIsNone(budget("README.md"))

    def test_only_the_tables_own_rows_are_exceptions(self):
        self.assertEqual({"a/Long.java": 350}, exceptions(DECISIONS))
        self.assertEqual({}, exceptions("# Decisions\n"))

    def test_a_row_that_cannot_be_read_is_an_error(self):
        with self.assertRaises(ValueError):
            exceptions(DECISIONS.replace("| 350 |", "| about 350 |"))

    def test_a_file_may_fill_its_budget_and_no_more(self):
        self.assertEqual([], list(complaints({"A.java": 300, "b.cu": 400}, {})))
        self.assertEqual(2, len(list(complaints({"A.java": 301, "b.cu": 401}, {}))))

    def test_an_exception_is_a_limit_too(self):
        self.assertEqual([], list(complaints({"A.java": 350}, {"A.java": 350})))
        self.assertEqual(1, len(list(complaints({"A.java": 351}, {"A.java": 350}))))

    def test_a_row_that_is_not_needed_is_a_complaint(self):
        self.assertEqual(1, len(list(complaints({"A.java": 300}, {"A.java": 350}))))
        self.assertEqual(1, len(list(complaints({}, {"Gone.java": 350}))))


if __name__ == "__main__":
    unittest.main()
