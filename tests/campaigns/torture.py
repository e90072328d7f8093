"""Runs the campaigns one after the other, and writes what they saw into one report.

python -m tests.campaigns.torture [--short] [--only kill,faults] [--write]

The long form takes hours, each campaign up to one or two; `--short` the least that shows anything.
With `--write` the report replaces what docs/reliability.md says of the last run: of those that ran.
"""

import argparse
import subprocess
import sys
import time
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from tests.campaigns.table import machine

_REPORT = Path("docs/reliability.md")
_BEGIN, _END = "<!-- torture: {} -->", "<!-- /torture -->"
_LAST = "## The last runs"


@dataclass(frozen=True, slots=True)
class Ordeal:
    """A campaign with what it is given. `name` stands in the report; several may be of one kind."""

    name: str
    module: str
    long: str
    short: str


ORDEALS = (
    Ordeal(
        "kill",
        "kill",
        "--messages 10000 --kills 2000 --lose 0.02 --files-sent --side-by-side 4",
        "--messages 30 --kills 5 --lose 0.05 --files-sent --short",
    ),
    Ordeal(
        "kill-unfiled",
        "kill",
        "--messages 10000 --kills 2000 --lose 0.02 --no-files-sent --side-by-side 4",
        "--messages 30 --kills 5 --lose 0.05 --no-files-sent --short",
    ),
    Ordeal(
        "kill-postgresql",
        "kill",
        "--database postgresql --messages 1000 --kills 200 --server-restarts 20",
        "--database postgresql --messages 30 --kills 5 --server-restarts 1 --short",
    ),
    Ordeal(
        "kill-mariadb",
        "kill",
        "--database mariadb --messages 1000 --kills 200 --server-restarts 20",
        "--database mariadb --messages 30 --kills 5 --server-restarts 1 --short",
    ),
    Ordeal(
        "timed-kill",
        "timed_kill",
        "--conversations 60 --kills 60",
        "--conversations 6 --kills 4 --patience 60 --hurry 2",
    ),
    Ordeal("smtp-faults", "faults", "--protocol smtp", "--protocol smtp --every 1500"),
    Ordeal(
        "smtp-faults-tls",
        "faults",
        "--protocol smtp --tls --every 25 --kinds cut,reset,corrupt,trickle,stall",
        "--protocol smtp --tls --every 1500 --kinds cut,reset,corrupt,trickle,stall",
    ),
    Ordeal(
        "smtp-faults-postfix",
        "faults",
        "--protocol smtp --server postfix --every 60 --kinds cut,reset",
        "--protocol smtp --server postfix --every 1500 --kinds cut,reset",
    ),
    Ordeal(
        "imap-faults",
        "faults",
        "--protocol imap --every 250",
        "--protocol imap --every 1000 --share 191",
    ),
    Ordeal(
        "imap-faults-tls",
        "faults",
        "--protocol imap --tls --every 100",
        "--protocol imap --tls --every 1000 --share 7",
    ),
    Ordeal("outages", "outages", "--seconds 75", "--seconds 35 --mails 2"),
    Ordeal("second-client", "second_client", "--messages 200", "--messages 24"),
    Ordeal("old-mailbox", "old_mailbox", "--messages 100000 --laid", "--messages 80"),
    Ordeal(
        "database-restored",
        "restore",
        "--part database --messages 400",
        "--part database --messages 8",
    ),
    Ordeal("database-lost", "restore", "--part lost --messages 2000", "--part lost --messages 8"),
    Ordeal(
        "renumbered",
        "restore",
        "--part renumbered --messages 20000",
        "--part renumbered --messages 8",
    ),
    Ordeal("bulk-arrival", "restore", "--part bulk --messages 5000", "--part bulk --messages 8"),
    Ordeal("races", "races", "--races 200", "--races 10 --shops 1 --after 15 --gap 0.5"),
    Ordeal("rush", "rush", "--customers 500", "--customers 40 --factor 600"),
    Ordeal("two-daemons", "two_daemons", "--minutes 30", "--minutes 3"),
    Ordeal("loops", "loops", "--conversations 3", "--conversations 1 --after 5"),
    Ordeal(
        "loops-shipped",
        "loops",
        "--conversations 3 --limits shipped",
        "--conversations 1 --after 5 --limits shipped",
    ),
    Ordeal(
        "flood",
        "flood",
        "--mails 10000 --varied 1000 --minutes 10",
        "--mails 300 --varied 30 --minutes 0.5",
    ),
    Ordeal("spoofs", "spoofs", "--conversations 5", "--conversations 1"),
    Ordeal(
        "spoofs-unjudged",
        "spoofs",
        "--conversations 5 --no-authentication",
        "--conversations 1 --no-authentication",
    ),
    Ordeal(
        "poison",
        "poison",
        "--messages 1000 --poisonous 50",
        "--messages 60 --poisonous 17 --kills 2 --unreadable 0",
    ),
    Ordeal("model", "model", "--steps 20000", "--steps 300"),
    Ordeal("shop-year", "shop_year", "--messages 5000", "--messages 100"),
)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a campaign has printed at its end, and whether every promise was kept."""

    ordeal: Ordeal
    kept: bool
    minutes: float
    table: str


def run(ordeal: Ordeal, *, short: bool) -> Outcome:
    """Run a campaign to its end; what it says meanwhile is shown as it comes."""
    given = (ordeal.short if short else ordeal.long).split()
    begun = time.monotonic()
    process = subprocess.Popen(
        (sys.executable, "-m", f"tests.campaigns.{ordeal.module}", *given),
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    said = []
    for line in process.stdout:
        print(line, end="", flush=True)
        said.append(line)
    kept = process.wait() == 0
    return Outcome(ordeal, kept, (time.monotonic() - begun) / 60, "".join(said).strip())


def report(outcome: Outcome) -> str:
    """Return the part of the report about a campaign, between its marks."""
    name = outcome.ordeal.name
    verdict = "every promise was kept" if outcome.kept else "BROKEN"
    return "\n".join(
        (
            _BEGIN.format(name),
            f"### {name}: {verdict}, {outcome.minutes:.0f} minutes",
            "",
            "```",
            outcome.table,
            "```",
            _END,
        )
    )


def written_into(page: str, outcomes: Iterable[Outcome]) -> str:
    """Return the page with these reports in the place of older ones of the same name."""
    if _LAST not in page:
        page = f"{page.rstrip()}\n\n{_LAST}\n"
    for outcome in outcomes:
        begin, new = _BEGIN.format(outcome.ordeal.name), report(outcome)
        before, found, rest = page.partition(begin)
        after = rest.partition(_END)[2] if found else "\n"
        head = before if found else before.rstrip() + "\n\n"
        page = head + new + after
    return page


def main() -> int:
    """Run what was asked for; 1 if any promise was broken."""
    names = ",".join(one.name for one in ORDEALS)
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--short", action="store_true", help="a few minutes in all")
    parser.add_argument("--only", default=names, help=f"some of {names}")
    parser.add_argument("--write", action="store_true", help=f"keep it in {_REPORT}")
    given = parser.parse_args()
    wanted = given.only.split(",")
    if unknown := sorted({*wanted} - {one.name for one in ORDEALS}):
        parser.error(f"no campaign is called {', '.join(unknown)}; there are {names}")
    outcomes = []
    for ordeal in ORDEALS:
        if ordeal.name in wanted:
            print(f"\n=== {ordeal.name}", flush=True)
            outcomes.append(run(ordeal, short=given.short))
            if given.write:
                _REPORT.write_text(written_into(_REPORT.read_text(), outcomes[-1:]))
    print(f"\n{machine()}")
    for one in outcomes:
        print(f"{one.ordeal.name:<15} {'kept' if one.kept else 'BROKEN':<7} {one.minutes:6.1f} min")
    return 0 if all(one.kept for one in outcomes) else 1


if __name__ == "__main__":
    sys.exit(main())
