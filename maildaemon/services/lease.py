"""Holds mailboxes against the other daemons of a database, and stops in time when it cannot.

A lease is a row with a fence, a number that grows whenever the row changes hands. Each transaction
of a mailbox looks at its fence last: who was taken over, and does not know it, changes nothing.
What no transaction undoes (the final dot, a copy in Sent) is not done once the lease may have
ended by our own clock.
"""

import logging
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass

from maildaemon.domain.leases import LIFE, MARGIN, RENEW_EVERY, SHARED, Daemon, Held
from maildaemon.errors import AlreadyRunningError, LeaseLostError, MaildaemonError, OperatorError
from maildaemon.ports import Now
from maildaemon.ports.store import Store, Transaction
from maildaemon.services.desk import log
from maildaemon.services.loop import attempt

_ENDS_WITHIN = 10.0


class Lease:
    """One lease, as far as this process has it."""

    def __init__(self, name: str, boot: Callable[[], float]) -> None:
        """It is not held yet. `boot` returns the seconds since the machine was started."""
        self.name = name
        self._boot = boot
        self._fence: int | None = None
        self._sure_until = 0.0

    @property
    def fence(self) -> int | None:
        """Return by which fence it is held, None if it is not."""
        return self._fence

    @property
    def is_held(self) -> bool:
        """Tell whether it is surely ours still, by our own clock, which goes on while we sleep."""
        return self._fence is not None and self._boot() < self._sure_until

    def require(self) -> None:
        """Return if it is surely ours still; LeaseLostError if another may have it by now."""
        if not self.is_held:
            raise LeaseLostError(f"{_in_words(self.name)} may be another daemon's by now")

    def require_in(self, tx: Transaction) -> None:
        """Return if it is ours until this transaction ends, else LeaseLostError."""
        if self._fence is None or not tx.leases.stands(self.name, self._fence):
            raise LeaseLostError(f"{_in_words(self.name)} has been taken over by another daemon")

    def hold(self, fence: int, sure_until: float) -> None:
        """Note that it was taken, or renewed."""
        self._fence, self._sure_until = fence, sure_until

    def lose(self) -> bool:
        """Note that it is not ours; tell whether it was."""
        was_held, self._fence = self._fence is not None, None
        return was_held


class FencedStore:
    """A store whose every writing transaction ends with a look at the fence of a lease."""

    def __init__(self, inner: Store, lease: Lease) -> None:
        """Nothing is opened yet."""
        self.inner, self._lease = inner, lease

    @contextmanager
    def begin(self) -> Iterator[Transaction]:
        """Begin a transaction; it fails with LeaseLostError if the lease is another's by now."""
        with self.inner.begin() as tx:
            yield tx
            self._lease.require_in(tx)

    def read(self) -> AbstractContextManager[Transaction]:
        """Begin a transaction that only reads."""
        return self.inner.read()


def unfenced(store: Store) -> Store:
    """Return the store for what has happened outside, such as a 250: that is written down whoever
    holds the mailbox by now.
    """
    return store.inner if isinstance(store, FencedStore) else store


class Holder:
    """Holds what it can of what this process serves, for as long as it lives. One for a process:
    a daemon that follows on a reload goes on with what the last one held.
    """

    def __init__(self, store: Store, daemon_id: str, boot: Callable[[], float], now: Now) -> None:
        """Nothing is held before `serve`. `store` is its own: nobody else's work keeps it waiting.
        `daemon_id` tells this process from all others.
        """
        self.daemon_id = daemon_id
        self._store, self._boot, self._now = store, boot, now
        self._leases: dict[str, Lease] = {}
        self._daemon: Daemon | None = None
        self._changed: Callable[[str], object] = _tell_nobody
        self._looking = threading.Lock()
        self._arrived = False
        self._ending = threading.Event()
        self._thread: threading.Thread | None = None
        self._trouble: str | None = None

    def lease(self, name: str) -> Lease:
        """Return the lease of a mailbox, or of what belongs to none (`SHARED`)."""
        return self._leases.setdefault(name, Lease(name, self._boot))

    def move(self, store: Store) -> Store:
        """Reach the database by this store from now on; return the last one, which is not used any
        more.
        """
        with self._looking:
            before, self._store = self._store, store
        return before

    def serve(self, daemon: Daemon, changed: Callable[[str], object]) -> None:
        """Take from now on what is free of its mailboxes, and what belongs to none. `changed` is
        called, by a thread, with each lease that was taken or lost.
        """
        with self._looking:
            self._daemon, self._changed = daemon, changed
        # It only saves a wait: a database that is locked just now is no reason to end.
        self._tell(attempt(self.look))
        if self._thread is None:
            self._thread = threading.Thread(target=self._run, name="lease", daemon=True)
            self._thread.start()

    def _run(self) -> None:
        while not self._ending.wait(RENEW_EVERY.total_seconds()):
            self._tell(attempt(self.look))

    def _tell(self, result: object) -> None:
        """Tell of trouble once, and of its end."""
        if not isinstance(result, Exception):
            if self._trouble is not None:
                log("lease.recovered")
            self._trouble = None
            return
        trouble = str(result) or repr(result)
        if trouble != self._trouble:
            known = isinstance(result, MaildaemonError)
            log(
                "lease.unrenewed",
                logging.WARNING if known else logging.CRITICAL,
                error=trouble,
                stops_in=f"{(LIFE - MARGIN).total_seconds():.0f}s at most",
                failure=None if known else result,
            )
        self._trouble = trouble

    def look(self) -> None:
        """Renew what is held, take what is free, and notice what was lost."""
        with self._looking:
            daemon = self._daemon
            if daemon is None:
                return
            # Before it is asked for: from then on it lasts.
            sure_until = self._boot() + (LIFE - MARGIN).total_seconds()
            wanted = (*daemon.mailboxes, SHARED)
            with self._store.begin() as tx:
                if self._arrived:
                    tx.leases.live(daemon, LIFE)
                else:
                    tx.leases.arrive(daemon, LIFE)
                held = {one.name: one for one in tx.leases.hold(daemon, wanted, self._now())}
            self._arrived = True
            for name in wanted:
                self._note(self.lease(name), held.get(name), sure_until)
            for name in self._leases.keys() - set(wanted):
                self._leases[name].lose()

    def _note(self, lease: Lease, held: Held | None, sure_until: float) -> None:
        mailbox = None if lease.name == SHARED else lease.name
        if held is None:
            if lease.lose():
                why = "another daemon has taken it over: this one did not renew it in time"
                log("lease.lost", logging.WARNING, mailbox=mailbox, why=why)
                self._changed(lease.name)
            return
        before, was_held = lease.fence, lease.is_held
        lease.hold(held.fence, sure_until)
        if before != held.fence:
            took = held.taken_over or None
            log("lease.taken", mailbox=mailbox, fence=held.fence, from_the_dead=took)
        elif not was_held:
            why = "it was not renewed in time, but nobody has taken it over"
            log("lease.kept", logging.WARNING, mailbox=mailbox, why=why)
        if before != held.fence or not was_held:
            self._changed(lease.name)

    def listen_no_more(self) -> None:
        """Let nobody be told any more of what is taken or lost; it is held all the same."""
        with self._looking:
            self._changed = _tell_nobody

    def close(self) -> None:
        """Give everything back, so that the next daemon need not wait; never raises."""
        self._ending.set()
        if self._thread is not None:
            self._thread.join(_ENDS_WITHIN)
        if self._arrived:
            self._tell(attempt(self._resign))

    def _resign(self) -> None:
        for lease in self._leases.values():
            lease.lose()
        with self._store.begin() as tx:
            tx.leases.resign(self.daemon_id)


@dataclass(frozen=True, slots=True)
class Shared:
    """How a process shares its database with others: what holds its leases, and as whom."""

    holder: Holder
    daemon: Daemon


def require_same_key(store: Store, daemon: Daemon) -> None:
    """Raise OperatorError if another daemon works on the database with another key."""
    with store.read() as tx:
        others = tx.leases.others(daemon)
    for one in others:
        if one.key_mark != daemon.key_mark:
            raise OperatorError(
                f"the daemon {one.place} works on this database with another key: neither would "
                "know the other's mails for ours",
                where="service.data_dir",
                advice="copy the file `key` from its data folder into the one of this daemon",
            )


def held_by_another(mailbox: str) -> AlreadyRunningError:
    """Return what whoever wants to work on a mailbox of another daemon is told."""
    return AlreadyRunningError(
        "another maildaemon works on it",
        where=f"mailbox {mailbox}",
        advice="nothing: it does what is due; `maildaemon status` says which one it is",
    )


def _tell_nobody(_name: str) -> None:
    pass


def _in_words(name: str) -> str:
    return "what belongs to no mailbox" if name == SHARED else f"the mailbox {name}"
