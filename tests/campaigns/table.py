"""What a campaign prints at the end: facts, and promises that were kept or broken."""

import os
import platform
import sys
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path


class Table:
    """Rows in the order in which they were added."""

    def __init__(self, title: str) -> None:
        self._title = title
        self._rows: list[tuple[str, str, str]] = []
        self.broken: list[str] = []

    def fact(self, name: str, value: object) -> None:
        """Add what was seen; nothing is expected of it."""
        self._rows.append((name, str(value), ""))

    def promise(self, name: str, value: object, kept: bool, promised: str) -> None:
        """Add what was promised."""
        self._rows.append(
            (name, str(value), f"kept ({promised})" if kept else f"BROKEN: {promised}")
        )
        if not kept:
            self.broken.append(f"{name}: {value}; {promised}")

    def none(self, name: str, culprits: object) -> None:
        """Add what must be 0: a number, or a collection whose first members are then named."""
        if isinstance(culprits, int):
            self.promise(name, culprits, culprits == 0, "0")
            return
        named = sorted(map(str, culprits))  # type: ignore[call-overload]
        self.promise(name, len(named), not named, "0" + "".join(f"; {one}" for one in named[:8]))

    @classmethod
    def together(cls, title: str, tables: Sequence["Table"]) -> "Table":
        """Return one table of campaigns of a kind: counts added up, what differs side by side. A
        promise is kept if each has kept it.
        """
        whole = cls(title)
        whole.broken = [one for table in tables for one in table.broken]
        names = dict.fromkeys(name for table in tables for name, _, _ in table._rows)
        for name in names:
            found = [row for table in tables for row in table._rows if row[0] == name]
            values = [value for _, value, _ in found]
            told = (
                str(sum(map(int, values)))
                if all(one.isdecimal() for one in values)
                else " | ".join(dict.fromkeys(values))
            )
            ends = [end for _, _, end in found if "BROKEN" in end] or [found[0][2]]
            whole._rows.append((name, told, ends[0]))
        return whole

    def __str__(self) -> str:
        width = max((len(name) for name, _, _ in self._rows), default=0)
        values = max((len(value) for _, value, _ in self._rows if len(value) < 24), default=0)
        rows = [
            f"{name:<{width}}  {value:>{values}}  {end}".rstrip() for name, value, end in self._rows
        ]
        last = f"{len(self.broken)} BROKEN PROMISES" if self.broken else "every promise was kept"
        return "\n".join((self._title, "", *rows, "", last))


def machine() -> str:
    """Return where and when a figure was measured."""
    cpu = next(
        (
            line.partition(":")[2].strip()
            for line in Path("/proc/cpuinfo").read_text().splitlines()
            if line.startswith("model name")
        ),
        platform.machine(),
    )
    python = platform.python_version()
    now = datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC")
    return f"{now}, {os.cpu_count()} cores {cpu}, Python {python}"


def conclude(campaign: Callable[[], Table]) -> None:
    """Run a campaign as a program: print its table, exit with 1 if a promise was broken."""
    table = campaign()
    print(f"\n{table}\n\n{' '.join(sys.orig_argv[1:])}\n{machine()}")
    sys.exit(1 if table.broken else 0)
