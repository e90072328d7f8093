"""What a daemon costs that has nothing to do, with one mailbox and with many.

python -m benchmarks.idle [--mailboxes 1 10 50] [--seconds 90] [--write]

All mailboxes are on one Dovecot, empty, each with its connections and IDLE. The daemon has a while
to settle; then its processor time is counted for so many seconds, and its memory looked at.
"""

import argparse
import sys
import threading
from collections.abc import Callable, Sequence
from copy import deepcopy
from dataclasses import dataclass
from typing import Any

import yaml

from benchmarks.processes import cpu_of, pss_of
from benchmarks.table import conclude, load_average, say
from tests.campaigns.installation import installed
from tests.campaigns.table import machine
from tests.servers.process import wait_until

_MEMORY, _FURTHER, _CPU = 120, 1.0, 0.3
_MB = 1_000_000
# Longer than it takes a mailbox to be looked into less often.
_SETTLE = 75
_PATIENCE = 300


@dataclass(frozen=True, slots=True)
class Idle:
    """Bytes of all processes, and their share of one core."""

    mailboxes: int
    memory: int
    share: float


def measure(
    mailboxes: int, seconds: float, said: Callable[[str], None], settle: float = _SETTLE
) -> Idle:
    """Let a daemon with so many mailboxes wait for mail that does not come."""
    with installed("idle", files_sent=False) as (installation, _):
        written = yaml.load(installation.config.read_text("utf-8"), yaml.BaseLoader)
        [first] = written["mailboxes"]
        more = [_another(first, f"shop{number}") for number in range(2, mailboxes + 1)]
        installation.change("mailboxes", [first, *more])
        said(f"{mailboxes} mailboxes")
        installation.start()
        installation.wait_begun(_PATIENCE)
        begun = "SELECT count(*) FROM mailbox WHERE started_at IS NOT NULL"

        def all_begun() -> bool:
            installation.check_alive()
            with installation.records.open() as database:
                return bool(database.execute(begun).fetchone() == (mailboxes,))

        wait_until(all_begun, _PATIENCE, "all mailboxes have been read once")
        threading.Event().wait(settle)
        before = cpu_of(installation.pid).total
        threading.Event().wait(seconds)
        share = (cpu_of(installation.pid).total - before) / seconds
        memory = pss_of(installation.pid)
        installation.stop()
        return Idle(mailboxes, memory, share)


def _another(first: dict[str, Any], name: str) -> dict[str, Any]:
    """Return a mailbox like the first one, whose account is another."""
    address = f"{name}@example.test"
    made: dict[str, Any] = {**deepcopy(first), "name": name, "address": address}
    for server in ("imap", "smtp"):
        # A copy for each: what is shared would be written as an anchor.
        made[server] = {**deepcopy(first[server]), "username": address}
    return made


def table(found: Sequence[Idle], command: str) -> str:
    """Return the table as Markdown."""
    first = found[0]
    lines = []
    for it in found:
        more = it.mailboxes - first.mailboxes
        further = f"{(it.memory - first.memory) / more / _MB:.2f} MB" if more else ""
        lines.append(
            f"| {it.mailboxes} | {it.memory / _MB:.0f} MB | {further} | {it.share * 100:.2f} % |"
        )
    return "\n".join(
        (
            f"`{command}`: {machine()}, load {load_average()}.",
            "",
            f"Goals: {_MEMORY} MB with one, {_FURTHER:g} MB for each further one, {_CPU} % with ten.",
            "",
            "| mailboxes | memory | each further one | of a core |",
            "|---|---:|---:|---:|",
            *lines,
        )
    )


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.idle", description=__doc__)
    parser.add_argument("--mailboxes", type=int, nargs="+", default=[1, 10, 50])
    parser.add_argument("--seconds", type=float, default=90, help="how long it is watched")
    parser.add_argument("--write", action="store_true", help="keep the table in the repository")
    given = parser.parse_args()
    found = [measure(count, given.seconds, say) for count in given.mailboxes]
    written = table(found, " ".join((parser.prog, *sys.argv[1:])))
    return conclude("idle", written, keep=given.write)


if __name__ == "__main__":
    sys.exit(main())
