"""What a machine and its servers go through in a bad week, one after the other: the real daemon.

Its data folder lies on a small file system of its own. In turn another process holds the database,
there is little room on the disk, there is none, the IMAP server is gone, the SMTP server is gone, and
the daemon is stopped as if the machine slept. Mail arrives before, meanwhile and after, by LMTP. Each
is over after a while; nothing else is done. What Dovecot and the SMTP server hold in the end is the
judge, and the operator's command has written down what it was told. Needs root, for the file system.

python -m tests.campaigns.outages --seconds 75 --mails 5
"""

import argparse
import contextlib
import os
import signal
import sqlite3
import subprocess
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from pathlib import Path

from tests.campaigns.installation import Installation, descendants, installed
from tests.campaigns.judge import judge_acknowledgements, judge_log, judge_records
from tests.campaigns.mails import Mail, question
from tests.campaigns.rush import make_pager, read_told
from tests.campaigns.table import Table, conclude
from tests.servers.process import require_program, wait_until
from tests.servers.sink import SmtpSink

_SIZE = 500 * 10**6
# Below what must be free before mail is fetched, above what the records need.
_LITTLE = 150 * 10**6
# A loop that has failed for minutes looks again every few minutes.
_RECOVERS_WITHIN = 330.0


@dataclass(frozen=True, slots=True)
class Outage:
    """What is out, how, and what people must be told of it: these events, once each."""

    name: str
    happening: Callable[[], AbstractContextManager[None]]
    told: tuple[str, ...] = ()
    may_arrive: bool = True


@dataclass
class Week:
    """An installation whose world fails now and then."""

    installation: Installation
    sink: SmtpSink
    folder: Path
    told: Path
    mails: int
    delivered: list[Mail] = field(default_factory=list)

    def outages(self) -> tuple[Outage, ...]:
        """Return what happens, in this order."""
        return (
            Outage("the database is locked", self.locked, ("store.out",)),
            Outage(
                "there is little room on the disk", lambda: self.filled(_LITTLE), ("disk.full",)
            ),
            Outage("the disk is full", lambda: self.filled(0), ("store.out",)),
            Outage("the IMAP server is gone", self.without_imap, may_arrive=False),
            Outage("the SMTP server is gone", self.without_smtp),
            Outage("the machine sleeps", self.asleep),
        )

    @contextlib.contextmanager
    def locked(self) -> Iterator[None]:
        path = self.installation.records.path
        with contextlib.closing(sqlite3.connect(path, isolation_level=None, timeout=30)) as other:
            other.execute("BEGIN IMMEDIATE")
            yield
            other.execute("ROLLBACK")

    @contextlib.contextmanager
    def filled(self, left: int) -> Iterator[None]:
        ballast = self.folder / "ballast"
        file = os.open(ballast, os.O_WRONLY | os.O_CREAT)
        found = os.statvfs(self.folder)
        free = found.f_bavail * found.f_frsize
        with contextlib.suppress(OSError):
            os.posix_fallocate(file, 0, free - left)
        with contextlib.suppress(OSError):
            while not left:
                os.write(file, bytes(4096))
        yield
        os.close(file)
        ballast.unlink()

    @contextlib.contextmanager
    def without_imap(self) -> Iterator[None]:
        self.installation.account.server.stop()
        yield
        self.installation.account.server.start()

    @contextlib.contextmanager
    def without_smtp(self) -> Iterator[None]:
        self.sink.stop()
        yield
        self.sink.start()

    @contextlib.contextmanager
    def asleep(self) -> Iterator[None]:
        family = [self.installation.pid, *descendants(self.installation.pid)]
        for pid in family:
            os.kill(pid, signal.SIGSTOP)
        yield
        for pid in family:
            os.kill(pid, signal.SIGCONT)

    def write(self) -> None:
        """Let some customers write."""
        for _ in range(self.mails):
            number = len(self.delivered) + 1
            mail = question(number, f"person{number}@customer{number}.example")
            self.installation.account.deliver(mail.raw, sender=mail.reverse_path)
            self.delivered.append(mail)

    def all_answered(self) -> bool:
        self.installation.check_alive()
        return len(self.sink.accepted()) >= len(self.delivered)


def campaign(seconds: float, mails: int, say: Callable[[str], None] = print) -> Table:
    """Let each outage last so long; return the figures."""
    table = Table(f"outages: {seconds:g} s each, {mails} mails before, meanwhile and after")
    with installed("outages") as (installation, sink), _small_disk(installation) as folder:
        command, told = make_pager(installation.folder)
        installation.change("alerts", {"command": command})
        week = Week(installation, sink, folder, told, mails)
        installation.start()
        installation.wait_started()
        week.write()
        wait_until(week.all_answered, 60, "all is well before")
        for outage in week.outages():
            _live_through(table, week, outage, seconds, say)
        # A mail too many would come now.
        threading.Event().wait(5)
        installation.wait_done(_RECOVERS_WITHIN)
        status = installation.listing("status")
        table.none(
            "brakes that are on", [one["brake"] for each in status for one in each["brakes"]]
        )
        installation.stop()
        _judge(table, week)
    return table


@contextlib.contextmanager
def _small_disk(installation: Installation) -> Iterator[Path]:
    """Put the data folder on a file system of its own."""
    folder = installation.folder / "var"
    folder.mkdir(mode=0o700, exist_ok=True)
    mount, umount = (require_program(one, "mount") for one in ("mount", "umount"))
    options = f"size={_SIZE},mode=0700"
    subprocess.run([mount, "-t", "tmpfs", "-o", options, "tmpfs", str(folder)], check=True)
    try:
        yield folder
    finally:
        installation.clean_up()
        subprocess.run([umount, str(folder)], check=True)


def _live_through(
    table: Table, week: Week, outage: Outage, seconds: float, say: Callable[[str], None]
) -> None:
    before = len(read_told(week.told))
    with outage.happening():
        if outage.may_arrive:
            week.write()
        threading.Event().wait(seconds)
        meanwhile = len(week.sink.accepted())
    begun = time.monotonic()
    week.write()
    try:
        wait_until(week.all_answered, _RECOVERS_WITHIN, outage.name)
        took: float | str = round(time.monotonic() - begun)
    except AssertionError:
        took = "never"
    say(f"{outage.name}: works again after {took} s")
    table.promise(f"{outage.name}: works again after", f"{took} s", took != "never", "by itself")
    table.fact(f"{outage.name}: mails sent until its end", meanwhile)
    events = Counter(one["event"] for one in read_told(week.told)[before:])
    alarms = {name: count for name, count in events.items() if not name.endswith("recovered")}
    table.promise(
        f"{outage.name}: people were told",
        dict(events),
        alarms == dict.fromkeys(outage.told, 1),
        " and ".join(outage.told) + ", once" if outage.told else "nothing: it is not for long",
    )


def _judge(table: Table, week: Week) -> None:
    installation = week.installation
    judge_records(table, installation, installation.account.messages())
    judge_acknowledgements(
        table,
        week.delivered,
        week.sink.accepted(),
        installation.listing("outbox", "list"),
        unfinished=frozenset(),
        files_sent=True,
    )
    judge_log(table, installation)


def main() -> None:
    """Run it as a program."""
    arguments = argparse.ArgumentParser(prog="python -m tests.campaigns.outages")
    arguments.add_argument("--seconds", type=float, default=75)
    arguments.add_argument("--mails", type=int, default=5)
    given = arguments.parse_args()
    conclude(lambda: campaign(given.seconds, given.mails))


if __name__ == "__main__":
    main()
