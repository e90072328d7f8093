"""What the loops of a daemon work with: the parts of each mailbox, and those that all share."""

import asyncio
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum

from maildaemon.domain.policy import Reads
from maildaemon.ports import (
    BlobStore,
    Certificate,
    Composer,
    Mailbox,
    Now,
    Parser,
    SignIn,
    Ticker,
    Transport,
)
from maildaemon.ports.brakes import Alert, Pulse
from maildaemon.ports.store import Store
from maildaemon.services.desk import Desk
from maildaemon.services.digest import Orders
from maildaemon.services.erase import Places
from maildaemon.services.lease import FencedStore, Lease, Shared


class Step(StrEnum):
    """The loops, by the names that `run --only` takes."""

    RECEIVE = "receive"
    PROCESS = "process"
    FIRE = "fire"
    DELIVER = "deliver"
    SETTLE = "settle"


_LOGINS = {
    Step.RECEIVE: frozenset({"imap"}),
    Step.PROCESS: frozenset[str](),
    Step.FIRE: frozenset[str](),
    # The last look at the mailbox can wait, and then timed mail does: the rest goes without it.
    Step.DELIVER: frozenset({"smtp"}),
    Step.SETTLE: frozenset({"imap"}),
}


def logins_of(only: Collection[Step]) -> frozenset[str]:
    """Return the servers, by the names of their options, that these loops cannot do without; empty
    `only` stands for all loops.
    """
    return frozenset().union(*(_LOGINS[step] for step in only or Step))


@dataclass(frozen=True, slots=True)
class Crew:
    """One mailbox with everything its loops need. `credential` is a keyed hash of what we log
    in with, so that a changed password is tried at once; it may raise SecretError. Of a colleague's
    account only Sent is read: it needs neither `watch` nor `transport`. `lease` None: no other
    process can work on it. `certificates` asks IMAP and SMTP server for theirs. `mode` is written
    as in the configuration.
    """

    desk: Desk
    mode: str
    work: Mailbox
    watch: Mailbox | None
    transport: Transport | None
    composer: Composer
    poll_every: timedelta
    idle: timedelta
    imap_credential: Callable[[], str]
    smtp_credential: Callable[[], str]
    lease: Lease | None = None
    certificates: Callable[[], Mapping[str, Certificate]] = dict
    sign_ins: tuple[SignIn, ...] = ()
    busy: asyncio.Lock = field(default_factory=asyncio.Lock)

    @property
    def mailboxes(self) -> tuple[Mailbox, ...]:
        """Return its connections to the IMAP server."""
        return (self.work,) if self.watch is None else (self.work, self.watch)

    @property
    def only_sent(self) -> bool:
        """Tell whether this is a colleague's account."""
        return self.desk.policy.reads is Reads.SENT_ONLY

    @property
    def is_ours(self) -> bool:
        """Tell whether no other daemon works on it."""
        return self.lease is None or self.lease.is_held

    @property
    def steps(self) -> tuple[Step, ...]:
        """Return what is to be done for it."""
        return (Step.RECEIVE,) if self.only_sent else tuple(Step)


@dataclass(frozen=True, slots=True)
class Works:
    """What all mailboxes share. `alerts` are the paths by which people are told, by name. `shared`
    None: no other process works on the database. `configuration` is a hash of it; `reloads` tells
    whether a hang-up has it read anew. `alive` is called every few seconds, whatever is out of
    reach, while the event loop goes on and the guard comes round; `watching` with the name of a
    mailbox once it has been read for the first time by this daemon: what arrives from then on is
    new, whatever lay there at a first start.
    """

    store: Store
    parser: Parser
    blobs: BlobStore
    files: BlobStore
    ticker: Ticker
    now: Now
    jitter: Callable[[], float]
    boot: Callable[[], float]
    pulse: Pulse
    alerts: Mapping[str, Alert]
    free: Callable[[], int]
    places: Places
    configuration: str
    digest: Orders | None = None
    shared: Shared | None = None
    alive: Callable[[], None] = lambda: None
    watching: Callable[[str], None] = lambda _: None
    reloads: bool = True

    def fenced(self, lease: Lease | None) -> Store:
        """Return the store for what a lease is about; None: nobody else works there."""
        return FencedStore(self.store, lease) if lease else self.store


@dataclass(frozen=True, slots=True)
class Shortfall:
    """What kept a step of a mailbox from its work."""

    mailbox: str
    step: Step
    error: Exception
