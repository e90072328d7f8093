"""Progress of long work: a bar on a terminal, plain lines now and then anywhere else."""

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from maildaemon.cli.output import note, plain

Progress = Callable[[str, int, int], None]
_EVERY_SECONDS = 5.0
_COUNT = 8  # what is counted takes no more letters


@contextmanager
def show_progress(unit: str) -> Iterator[Progress]:
    """Give a function `(what, done, total)` that shows how far the work is, on standard error."""
    if not sys.stderr.isatty():
        yield _Lines(unit)
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeRemainingColumn
    from rich.progress import Progress as Bars

    columns = (
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
    )
    with Bars(*columns, console=Console(stderr=True)) as bars:
        tasks = {}

        def advance(what: str, done: int, total: int) -> None:
            if what not in tasks:
                tasks[what] = bars.add_task(f"{plain(what)} ({unit})", total=total)
            bars.update(tasks[what], completed=done, total=total)

        yield advance


def count_down(left: float | None) -> None:
    """Show for how many seconds more something is waited for, in a line that is written over; None
    takes the line away. Nothing where there is no terminal.
    """
    if sys.stderr.isatty():
        shown = "" if left is None else f"  {left:.0f} s"
        print(f"\r{shown:<{_COUNT}}", end="\r", file=sys.stderr, flush=True)


class _Lines:
    def __init__(self, unit: str) -> None:
        self._unit = unit
        self._told_at = float("-inf")

    def __call__(self, what: str, done: int, total: int) -> None:
        if done < total and time.monotonic() - self._told_at < _EVERY_SECONDS:
            return
        self._told_at = time.monotonic()
        note(f"{plain(what)}: {done} of {total} {self._unit}")
