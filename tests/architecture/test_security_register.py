"""The register is whole: every row has its tests, which bear its id, and controls to take out."""

import ast
import re
from pathlib import Path

import pytest

from tests.security.controls import source_without
from tests.security.register import REGISTER

ROOT = Path(__file__).parents[2]
TESTS = sorted({(row.id, test) for row in REGISTER for test in row.tests})
CONTROLS = [control for row in REGISTER for control in row.controls]


def test_every_attack_from_s1_to_s31_has_its_row_tests_and_controls() -> None:
    assert [row.id for row in REGISTER] == [f"S{number}" for number in range(1, 32)]
    assert all(row.tests and row.controls for row in REGISTER)


FILES = sorted({test.partition("::")[0] for _, test in TESTS})


@pytest.mark.parametrize("file", FILES)
def test_the_tests_of_the_register_exist_and_bear_its_ids(file: str) -> None:
    tree = ast.parse((ROOT / file).read_text("utf-8"))
    defined = {
        one.name for one in tree.body if isinstance(one, ast.FunctionDef | ast.AsyncFunctionDef)
    }
    named = {(row, test.partition("::")[2]) for row, test in TESTS if test.startswith(f"{file}::")}

    assert {test for _, test in named} - defined == set()
    # What bears an id stands in its row: nothing is called the register's and is not watched.
    borne = {(f"S{int(found)}", name) for name in defined for found in _ids(name)}
    assert borne == named


def _ids(name: str) -> list[str]:
    begins = re.match(r"test((?:_s\d\d)+)_", name)
    return re.findall(r"\d\d", begins[1]) if begins else []


def test_nothing_else_bears_an_id_of_the_register() -> None:
    others = [
        path
        for path in (ROOT / "tests").rglob("test_*.py")
        if str(path.relative_to(ROOT)) not in FILES
    ]

    named = {
        path.name for path in others if re.search(r"def test_[sS]\d+_", path.read_text("utf-8"))
    }
    assert named == set()


def test_every_control_can_still_be_taken_out() -> None:
    """Whoever changes the text of a control changes here how it is taken out."""
    gone = []
    for control in CONTROLS:
        try:
            source_without(control, ROOT)
        except LookupError as error:
            gone.append(f"{control.name}: {error}")

    assert gone == []
