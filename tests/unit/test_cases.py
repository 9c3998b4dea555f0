"""Every situation in the table of cases names a test that is there."""

from faults.cases import CASES, ROOT


def test_every_case_names_a_test():
    for case, node in CASES.items():
        file, _, name = node.partition("::")
        assert f"def {name}(" in (ROOT / "tests" / file).read_text(encoding="utf-8"), case
