"""Which tests to run for a mistake: those that `make coverage` saw execute its line."""

import ast
from collections.abc import Iterable
from functools import cache
from pathlib import Path
from xml.etree import ElementTree as ET

from coverage import CoverageData

from tests.mutation.mutants import Mutant


class Choice:
    """What was seen when the tests ran for the coverage: which touched what, and for how long."""

    def __init__(self, data: Path, times: Path, longest: float) -> None:
        """Read it. For one mistake tests are chosen that took `longest` seconds together."""
        self._data = CoverageData(str(data))
        self._data.read()
        self._seconds = _seconds(times)
        self._longest = longest

    def tests(self, mutant: Mutant) -> list[str]:
        """Return the tests that may notice it, the quickest first."""
        touching = self._touching(mutant.path)
        lines = _lines_using(mutant)
        names = {name for line in lines for name in touching.get(line, ())}
        # What holds for the module as a whole is looked at by whoever uses it.
        names = names or {name for found in touching.values() for name in found}
        chosen: list[str] = []
        total = 0.0
        for name in sorted(names & self._seconds.keys(), key=self._order):
            total += self._seconds[name]
            if chosen and total > self._longest:
                break
            chosen.append(_node(name))
        return chosen

    def seconds(self, tests: Iterable[str]) -> float:
        return sum(seconds for name, seconds in self._seconds.items() if _node(name) in {*tests})

    def _order(self, name: str) -> tuple[bool, float, str]:
        # A test of the unit says in a moment what a whole shop says after a while.
        return ".unit." not in name, self._seconds[name], name

    @cache  # noqa: B019  one choice a process
    def _touching(self, path: Path) -> dict[int, list[str]]:
        (measured,) = (one for one in self._data.measured_files() if one.endswith(f"/{path}"))
        by_line = self._data.contexts_by_lineno(measured)
        return {line: [name for name in names if name] for line, names in by_line.items()}


def _lines_using(mutant: Mutant) -> set[int]:
    """Return the lines that depend on the mistaken one: its own statement, or, for a constant of
    the module, wherever its name stands.
    """
    tree = ast.parse(mutant.path.read_text())
    for node in tree.body:
        if not node.lineno <= mutant.line <= (node.end_lineno or node.lineno):
            continue
        if not isinstance(node, (ast.Assign, ast.AnnAssign)):
            return _statement_lines(node, mutant.line)
        named = {
            one.id
            for one in ast.walk(node)
            if isinstance(one, ast.Name) and isinstance(one.ctx, ast.Store)
        }
        return {
            one.lineno
            for one in ast.walk(tree)
            if isinstance(one, ast.Name) and one.id in named and isinstance(one.ctx, ast.Load)
        }
    return set()


def _statement_lines(node: ast.stmt, line: int) -> set[int]:
    """Return the lines of the innermost statement around this one."""
    inner = [
        one
        for one in ast.walk(node)
        if isinstance(one, ast.stmt) and one.lineno <= line <= (one.end_lineno or one.lineno)
    ]
    around = max(inner, key=lambda one: (one.lineno, -(one.end_lineno or one.lineno)))
    if isinstance(around, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
        return set()
    if isinstance(around, (ast.If, ast.For, ast.With, ast.Match, ast.Try)):
        return {around.lineno, line}
    return set(range(around.lineno, (around.end_lineno or around.lineno) + 1))


def _seconds(times: Path) -> dict[str, float]:
    """Return how long each test that passed took, by the name that coverage gives it."""
    found: dict[str, float] = {}
    for case in ET.parse(times).iter("testcase"):
        if case.find("failure") is None and case.find("error") is None:
            name = f"{case.get('classname')}.{str(case.get('name')).partition('[')[0]}"
            found[name] = found.get(name, 0.0) + float(case.get("time") or 0)
    return found


def _node(name: str) -> str:
    module, _, test = name.rpartition(".")
    return f"{module.replace('.', '/')}.py::{test}"
