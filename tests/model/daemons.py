"""Two daemons on one database and one mailbox, to either of which anything may happen.

It happens at an effect: whatever outlives a death, that is a commit, a file on disk, a mail at the
server, a copy in the mailbox. Which one it is says a `Fate`.
"""

import asyncio
from collections.abc import Callable
from copy import copy
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from maildaemon.domain.leases import LIFE, SHARED, Daemon
from maildaemon.errors import OperatorError, TemporaryError
from maildaemon.services.deliver import deliver_next
from maildaemon.services.lease import FencedStore, Lease
from tests.fakes.mailbox import FakeAccount
from tests.fakes.transport import FakeTransport
from tests.service.shop import START, InProcessParser, Shop
from tests.service.test_crash import Dying, DyingStore, DyingTransport, KilledError
from tests.service.test_time_passes import TIME

STEPS = ("start", "receive", "process", "fire", "deliver", "settle")


@dataclass(slots=True)
class Clock:
    """The time for all, and how far somebody has set the wall clock off."""

    at: datetime = START
    jumped: timedelta = timedelta()


class Fate:
    """What becomes of a daemon after so many effects. Burns as the fuse of tests/service/test_crash.py
    does.
    """

    def __init__(self) -> None:
        """Nothing becomes of it."""
        self.spare()

    def spare(self) -> None:
        self._left = self._times = 0
        self._then: Callable[[], None] = _go_on
        self._in_commits = True

    def befall(
        self, effect: int, then: Callable[[], None], *, times: int = 1, in_commits: bool = True
    ) -> None:
        """Let it happen at the n-th effect from now and, `times`, at those that follow; not
        `in_commits`: only where no transaction is open.
        """
        self._left, self._times, self._then, self._in_commits = effect, times, then, in_commits

    def burn(self, *, commits: bool = False) -> None:
        """Note an effect."""
        if commits and not self._in_commits:
            return
        self._left -= 1
        if -self._times < self._left <= 0:
            self._then()


def _go_on() -> None:
    """Nothing happens."""


@dataclass(slots=True)
class _Committing:
    """A `Fate` where nobody else can come in between."""

    fate: Fate

    def burn(self) -> None:
        self.fate.burn(commits=True)


class OneDaemon(Shop):
    """One of the two. Works only while it believes that it holds the mailbox."""

    def __init__(
        self, name: str, folder: Path, account: FakeAccount, server: FakeTransport, clock: Clock
    ) -> None:
        self.clock, self.slept = clock, 0.0
        self.daemon = Daemon(name * 4, f"home of {name}", f"{name}.example/1", "key", ("support",))
        self._shared = account, server
        self._runner = asyncio.Runner()
        self.fate = Fate()
        super().__init__(folder, time=TIME)

    @property
    def at(self) -> datetime:
        return self.clock.at

    @at.setter
    def at(self, value: datetime) -> None:
        """Leave the time as it is: it is everybody's."""

    def boot(self) -> float:
        return (self.at - START - self.clock.jumped).total_seconds() + self.slept

    def open(self) -> None:
        self.account, server = self._shared
        # A connection of its own to the same server.
        self.transport = copy(server)
        super().open()
        self.fate.spare()
        self.lease = Lease("support", self.boot)
        self.desk = replace(self.desk, require_lease=self.lease.require)
        fate: Any = self.fate
        committing: Any = _Committing(self.fate)
        plain: Any = self.sql
        self.store = FencedStore(DyingStore(plain, committing), self.lease)
        self.transport = DyingTransport(self.transport, fate)  # type: ignore[assignment]
        # Whoever sleeps between the look at his lease and the copy puts it all the same.
        self.mailbox = Dying(self.mailbox, committing, "append")  # type: ignore[assignment]
        self.blobs = Dying(self.blobs, fate, "put_all")  # type: ignore[assignment]
        self.files = Dying(self.files, fate, "put_all")  # type: ignore[assignment]
        self.parser = Dying(InProcessParser(), fate, "parse")  # type: ignore[assignment]

    def restart(self) -> None:
        """Begin anew with what is on disk."""
        self.close()
        self.open()
        self.hold()

    def end(self) -> None:
        self.close()
        self._runner.close()

    def hold(self) -> None:
        """Take the mailbox, if it is free, or renew the lease."""
        with self.sql.begin() as tx:
            tx.leases.arrive(self.daemon, LIFE)
            held = tx.leases.hold(self.daemon, ("support", SHARED), self.now())
        for one in held:
            if one.name == "support":
                self.lease.hold(one.fence, self.boot() + LIFE.total_seconds())

    def sleep(self, other: "OneDaemon") -> None:
        """Be silent for so long that another one takes over."""
        self.slept += 2 * LIFE.total_seconds()
        with self.sql.begin() as tx:
            tx.leases.resign(self.daemon.daemon_id)
        other.hold()

    def deliver(self) -> int:
        delivering = deliver_next(
            self.store, self.transport, self.desk, self.now, lambda: 1.0, self._look
        )
        return self._runner.run(delivering)

    def work(self, *steps: str) -> bool:
        """Do these steps, each of them until it finds nothing; tell whether all could be done."""
        done = True
        for step in steps:
            try:
                self.look()
                while getattr(self, step)() and step not in {"start", "receive"}:
                    pass
            except (TemporaryError, OperatorError):
                done = False
        return done

    @property
    def holds(self) -> bool:
        return self.lease.is_held


__all__ = ["STEPS", "Clock", "Fate", "KilledError", "OneDaemon"]
