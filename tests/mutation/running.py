"""Runs tests on a module with a mistake in it, in a process that is forked for it.

The program is loaded once. In that process whatever uses the mistaken module is loaded anew, and so
are the tests: a mistake in a constant, which others import, counts as well.
"""

import ast
import importlib
import os
import signal
import sys
import time
import warnings
from collections.abc import Iterable, Sequence
from enum import StrEnum
from functools import cache
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec, SourceFileLoader
from importlib.util import spec_from_file_location
from pathlib import Path
from types import CodeType, ModuleType
from typing import Any

from tests.mutation.mutants import Mutant

_LOADED_ONCE = (
    "pytest hypothesis.stateful pytest_asyncio.plugin pytest_timeout xdist.plugin alembic.command "
    "maildaemon.bootstrap maildaemon.cli maildaemon.mail.parse maildaemon.services.by_hand "
    "maildaemon.services.simulate maildaemon.adapters.sql.schema"
).split()
_DATABASES = "not [postgresql and not [mariadb"


class Verdict(StrEnum):
    """`killed`: a test failed. `timeout`: it went on for ever. `untested`: no test comes by."""

    KILLED = "killed"
    TIMEOUT = "timeout"
    SURVIVED = "survived"
    UNTESTED = "untested"


class _Mistaken(SourceFileLoader):
    """Loads one module with its mistake."""

    def __init__(self, fullname: str, path: str, tree: ast.Module) -> None:
        super().__init__(fullname, path)
        self._tree = tree

    def get_code(self, fullname: str) -> CodeType:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return compile(self._tree, self.path, "exec")


class _Finder(MetaPathFinder):
    def __init__(self, mutant: Mutant) -> None:
        self._mutant = mutant

    def find_spec(
        self, fullname: str, path: Any, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        if fullname != self._mutant.module:
            return None
        file = str(self._mutant.path.resolve())
        return spec_from_file_location(
            fullname, file, loader=_Mistaken(fullname, file, self._mutant.tree())
        )


def load_once() -> None:
    """Load what no mistake is made in, and the program as it is."""
    for name in _LOADED_ONCE:
        importlib.import_module(name)
    _uses()


@cache
def _uses() -> dict[str, set[str]]:
    """Return of each loaded module of the program which others it imports."""
    loaded = {name for name in sys.modules if name.startswith("maildaemon.")}
    return {name: _imported_by(name) & loaded for name in loaded}


def _forget(mistaken: str) -> None:
    """Forget the module, whatever of the program uses it, and the tests."""
    uses = _uses()
    forgotten, more = set[str](), {mistaken}
    while more:
        forgotten |= more
        more = {name for name in uses.keys() - forgotten if uses[name] & forgotten}
    ours = __name__.rpartition(".")[0]
    forgotten |= {
        name for name in sys.modules if name.startswith("tests.") and not name.startswith(ours)
    }
    drop(forgotten & sys.modules.keys())


def drop(names: Iterable[str]) -> None:
    """Let the next import load these modules anew."""
    for name in names:
        package, _, short = name.rpartition(".")
        # The package itself may have gone before it.
        if package in sys.modules:
            vars(sys.modules[package]).pop(short, None)
        del sys.modules[name]


def _imported_by(name: str) -> set[str]:
    """Return what a module imports, by names of which some are no modules."""
    used = set()
    file = sys.modules[name].__file__
    for node in ast.walk(ast.parse(Path(file).read_text() if file else "")):
        if isinstance(node, ast.ImportFrom) and node.module:
            used |= {node.module, *(f"{node.module}.{one.name}" for one in node.names)}
        elif isinstance(node, ast.Import):
            used |= {one.name for one in node.names}
    return used


class Running:
    """The tests of one mistake, under way."""

    def __init__(self, mutant: Mutant, tests: Sequence[str], seconds: float) -> None:
        """Begin; after so many seconds they are ended."""
        self.mutant = mutant
        self._until = time.monotonic() + seconds
        self._pid = os.fork() if tests else 0
        self.verdict = None if tests else Verdict.UNTESTED
        if tests and self._pid == 0:
            os._exit(_run(mutant, tests))

    def poll(self) -> Verdict | None:
        """Return what came of it, None while that is open."""
        if self.verdict is not None:
            return self.verdict
        if time.monotonic() > self._until:
            os.killpg(self._pid, signal.SIGKILL)
            os.waitpid(self._pid, 0)
            self.verdict = Verdict.TIMEOUT
        else:
            ended, status = os.waitpid(self._pid, os.WNOHANG)
            if ended:
                self.verdict = _verdict(os.waitstatus_to_exitcode(status))
        return self.verdict


def _verdict(status: int) -> Verdict:
    # pytest's own: 1 a test failed, 2 one could not be loaded. A mistake may also end the process.
    assert status not in {4, 5}, "the tests that were chosen are not there: run `make coverage`"
    return Verdict.KILLED if status else Verdict.SURVIVED


def _run(mutant: Mutant, tests: Sequence[str]) -> int:
    """Run the tests in this process; return 0 if all of them passed."""
    os.setsid()
    silence = os.open(
        os.environ.get("MUTATION_LOG", os.devnull), os.O_WRONLY | os.O_CREAT | os.O_APPEND
    )
    os.dup2(silence, 1)
    os.dup2(silence, 2)
    _forget(mutant.module)
    sys.meta_path.insert(0, _Finder(mutant))
    import pytest

    # What was loaded once shows less of an assertion, which nobody reads here.
    quiet = ["-q", "--no-header", "--tb=line", "-W", "ignore::pytest.PytestAssertRewriteWarning"]
    options = [*quiet, "-x", "-p", "no:cacheprovider", "-p", "no:xdist"]
    return int(pytest.main([*options, "-k", _DATABASES, *tests]))
