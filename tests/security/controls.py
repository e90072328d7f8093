"""Takes each control of the register out, in a copy of the source, and wants the tests to notice.

python -m tests.security.controls [--row S9 …] [--parallel 2]

The table says which test noticed. Exit code 1 if one can be taken out unnoticed, if the text that is
to be taken out has changed, or if the tests fail with all controls in their place.
"""

import argparse
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from queue import Queue

from tests.campaigns.table import Table, conclude
from tests.security.register import REGISTER, Control, Row

ROOT = Path(__file__).parents[2]
_WITHIN = 600
_LEFT_OUT = (".git", ".venv", ".hypothesis", ".fuzz", "dist", "build", "*.egg-info", "*cache*")
_FAILED = re.compile(r"^FAILED (.+?)(?: - .*)?$", re.MULTILINE)
# A control is taken out within the second in which another was put back: what is compiled must not
# be taken for what is there now.
_moments = count(1_000_000_000)


def source_without(control: Control, root: Path) -> str:
    """Return the text of the file without the control; LookupError if it is not there once."""
    text = (root / control.file).read_text("utf-8")
    if text.count(control.old) != 1:
        raise LookupError(f"{control.file}: not there, or more than once: {control.old!r}")
    changed = text.replace(control.old, control.new)
    if control.file.endswith(".py"):
        compile(changed, control.file, "exec")
    return changed


def campaign(
    rows: Sequence[Row] = REGISTER, parallel: int = 2, say: Callable[[str], None] = print
) -> Table:
    """Take out the controls of these rows; return which tests noticed."""
    cases = [(row, control) for row in rows for control in row.controls]
    table = Table(f"security controls: {len(cases)} of {len(rows)} attacks")
    with tempfile.TemporaryDirectory(prefix="maildaemon-controls-") as folder:
        copies: Queue[Path] = Queue()
        for number in range(parallel):
            copies.put(_copy(Path(folder) / str(number)))

        def one(case: tuple[Row, Control]) -> tuple[Row, Control, str]:
            copy = copies.get()
            try:
                noticed = _take_out(copy, *case)
            finally:
                copies.put(copy)
            say(f"{case[0].id:<4} {case[1].name}: {noticed or 'NOT NOTICED'}")
            return (*case, noticed)

        with ThreadPoolExecutor(parallel) as threads:
            everything = threads.submit(_in_place, copies, rows)
            results = list(threads.map(one, cases))
        table.none("tests that fail with all controls in place", everything.result())
    for row, control, noticed in results:
        table.promise(f"{row.id} {control.name}", noticed or "-", bool(noticed), "noticed")
    return table


def _copy(to: Path) -> Path:
    shutil.copytree(ROOT, to, ignore=shutil.ignore_patterns(*_LEFT_OUT))
    # What is or would be committed is asked of git.
    subprocess.run(["git", "init", "-q", str(to)], check=True)
    return to


def _in_place(copies: "Queue[Path]", rows: Sequence[Row]) -> list[str]:
    copy = copies.get()
    try:
        return _run(copy, sorted({test for row in rows for test in row.tests}), "--maxfail=9")
    finally:
        copies.put(copy)


def _take_out(copy: Path, row: Row, control: Control) -> str:
    """Return the test that notices; empty if none does."""
    with _without(copy, control):
        failed = _run(copy, control.tests or row.tests, "--exitfirst")
    return failed[0].rpartition("::")[2] if failed else ""


@contextmanager
def _without(copy: Path, control: Control) -> Iterator[None]:
    path = copy / control.file
    before, changed = path.read_text("utf-8"), source_without(control, copy)
    _write(path, changed)
    try:
        yield
    finally:
        _write(path, before)


def _write(path: Path, text: str) -> None:
    path.write_text(text, "utf-8")
    moment = next(_moments)
    os.utime(path, (moment, moment))


def _run(copy: Path, tests: Sequence[str], *options: str) -> list[str]:
    """Return which of the tests fail. RuntimeError if they could not even begin."""
    command = [sys.executable, "-m", "pytest", "-q", "-n", "0", "-p", "no:cacheprovider", "--tb=no"]
    compiled = str(copy.parent / "compiled")
    done = subprocess.run(
        [*command, *options, *tests],
        cwd=copy,
        # The copy, and not what is installed: here, and in every process that a test starts.
        env=os.environ
        | {"PYTHONPATH": str(copy), "PYTHONPYCACHEPREFIX": compiled, "PYTHONDONTWRITEBYTECODE": ""},
        capture_output=True,
        text=True,
        timeout=_WITHIN,
        check=False,
    )
    failed = _FAILED.findall(done.stdout)
    if done.returncode not in {0, 1} or bool(done.returncode) != bool(failed):
        raise RuntimeError(f"pytest ended with {done.returncode}:\n{done.stdout}{done.stderr}")
    return failed


def _given() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.security.controls")
    parser.add_argument("--row", action="append", default=[], choices=[row.id for row in REGISTER])
    parser.add_argument("--parallel", type=int, default=2)
    return parser.parse_args()


if __name__ == "__main__":
    _arguments = _given()
    _rows = [one for one in REGISTER if one.id in (_arguments.row or [one.id])]
    conclude(lambda: campaign(_rows, _arguments.parallel))
