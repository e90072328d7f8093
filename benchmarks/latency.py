"""From the server's notice to the acknowledgement accepted, one customer's mail after another.

python -m benchmarks.latency [--mails 300] [--records 1000] [--postgresql] [--seed 1] [--write]

A neutral second client in IDLE notes when the server tells of the mail, the SMTP server's own log
when it accepted the acknowledgement. The daemon is as `init` makes it, live, with one mailbox.
"""

import argparse
import smtplib
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from statistics import median, quantiles

from benchmarks.ingest import written_now
from benchmarks.judge import Verdict
from benchmarks.mailbox import SUPPORT, Letter
from benchmarks.stored import Stored, stored
from benchmarks.table import conclude, count_wrong, load_average, say, wrong_of
from tests.campaigns.latency import idling
from tests.campaigns.table import machine
from tests.servers.process import HOST

MEDIAN, P99 = 30, 120
_GIVE_UP_AFTER = 60


@dataclass(frozen=True, slots=True)
class Latency:
    """Milliseconds from notice to acceptance of each mail, at so many records."""

    records: int
    milliseconds: Sequence[float]
    verdict: Verdict

    @property
    def p99(self) -> float:
        return quantiles(self.milliseconds, n=100, method="inclusive")[98]


def measure(
    mails: int, records: int, seed: int, said: Callable[[str], None], *, postgresql: bool = False
) -> Latency:
    """Deliver mail after mail, each when the one before is answered."""
    with stored("latency", records, seed, said, postgresql=postgresql) as shop:
        said(f"{mails} mails at {shop.records} records")
        letters = _questions(seed, mails)
        shop.start()
        milliseconds = [*_one_by_one(shop, letters)]
        shop.wait_concluded(shop.newest("inbound") - mails, mails, _GIVE_UP_AFTER)
        verdict = shop.judge([one.truth for one in letters])
        return Latency(shop.records, milliseconds, verdict)


def _one_by_one(shop: Stored, letters: Sequence[Letter]) -> Iterator[float]:
    server = shop.installation.account.server
    there = len(shop.installation.account.messages())
    with (
        idling(server.imap_port, server.password) as idler,
        smtplib.LMTP(HOST, server.lmtp_port, timeout=_GIVE_UP_AFTER) as lmtp,
    ):
        for number, letter in enumerate(letters, 1):
            # Not in step with anything that the daemon does every so often.
            threading.Event().wait(number * 0.37 % 0.31)
            lmtp.sendmail(letter.reverse_path, [SUPPORT], letter.raw)
            noticed = idler.wait_for(there + number)
            accepted = shop.sink.wait_accepted(shop.accepted + number, _GIVE_UP_AFTER)
            yield (accepted[-1].at.timestamp() - noticed) * 1000


def _questions(seed: int, mails: int) -> list[Letter]:
    """Return what begins conversations in the bench's mailbox, without files."""
    letters = written_now(seed, mails * 5 + 50)
    asked = (one for one in letters if one.truth.acknowledged and not one.truth.files)
    # What is delivered twice is answered once.
    once = {one.truth.number: one for one in asked}
    return [*islice(once.values(), mails)]


def table(found: Sequence[Latency], command: str) -> str:
    """Return the table as Markdown."""
    return "\n".join(
        (
            f"`{command}`: {machine()}, load {load_average()}. {len(found[0].milliseconds)} mails.",
            "",
            f"| ms | median (goal: {MEDIAN}) | 95th in 100 | 99th (goal: {P99}) | longest |",
            "|---|---:|---:|---:|---:|",
            *(
                f"| {one.records:,} records | {median(one.milliseconds):.0f} |"
                f" {quantiles(one.milliseconds, n=20, method='inclusive')[18]:.0f} |"
                f" {one.p99:.0f} | {max(one.milliseconds):.0f} |"
                for one in found
            ),
            "",
            count_wrong(one.verdict for one in found),
        )
    )


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.latency", description=__doc__)
    parser.add_argument("--mails", type=int, default=300)
    parser.add_argument("--records", type=int, nargs="+", default=[1000])
    parser.add_argument("--postgresql", action="store_true", help="instead of SQLite")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--write", action="store_true", help="keep the table in the repository")
    given = parser.parse_args()
    found = [
        measure(given.mails, records, given.seed, say, postgresql=given.postgresql)
        for records in given.records
    ]
    written = table(found, " ".join((parser.prog, *sys.argv[1:])))
    name = "latency-postgresql" if given.postgresql else "latency"
    return conclude(name, written, keep=given.write, wrong=wrong_of(one.verdict for one in found))


if __name__ == "__main__":
    sys.exit(main())
