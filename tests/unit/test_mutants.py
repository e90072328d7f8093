"""The mistakes of `make mutation`: one at a time, and only where something is decided."""

import ast
import sys
from pathlib import Path
from types import ModuleType

import pytest

from tests.mutation.mutants import mutants
from tests.mutation.running import drop

_TEXT = '''
"""Not a decision."""
LIMIT: int = 3
Kind = int | None


def judge(count: int = 1) -> bool | None:
    """Nor is this."""
    log("judged", count=2)
    if not is_open():
        raise ValueError
    note(count)
    return count > LIMIT and True
'''


def test_each_mistake_is_one_change_of_what_is_decided(tmp_path: Path) -> None:
    path = tmp_path / "judging.py"
    path.write_text(_TEXT)

    assert [(one.line, one.what) for one in mutants(path)] == [
        (3, "3  ->  4"),
        (10, "not is_open()  ->  is_open()"),
        (11, "deleted: raise ValueError"),
        (12, "deleted: note(count)"),
        (13, "count > LIMIT  ->  count >= LIMIT"),
        (13, "True  ->  False"),
        (13, "count > LIMIT and True  ->  count > LIMIT or True"),
        (13, "return count > LIMIT and True  ->  return None"),
    ]


def test_a_mistake_changes_its_own_place_alone(tmp_path: Path) -> None:
    path = tmp_path / "judging.py"
    path.write_text(_TEXT)
    right = ast.unparse(ast.parse(_TEXT)).splitlines()

    for one in mutants(path):
        wrong = ast.unparse(one.tree()).splitlines()
        assert len(wrong) == len(right)
        assert sum(a != b for a, b in zip(wrong, right, strict=True)) == 1, str(one)


def test_a_module_is_forgotten_also_after_its_package(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = {name: ModuleType(name) for name in ("shop", "shop.audit")}
    vars(whole["shop"])["audit"] = whole["shop.audit"]
    for names in (["shop", "shop.audit"], ["shop.audit", "shop"]):
        for name, module in whole.items():
            monkeypatch.setitem(sys.modules, name, module)

        drop(names)

        assert whole.keys().isdisjoint(sys.modules)
    assert callable(sys.audit)
    assert not hasattr(whole["shop"], "audit")
