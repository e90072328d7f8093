"""What `service.http` shows of a mailbox, read from the records."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from maildaemon.adapters.sql.listings import SqlListings, read_listings
from maildaemon.adapters.sql.store import SqlStore
from maildaemon.domain.figures import Sent
from maildaemon.domain.overview import Waiting
from maildaemon.domain.policy import Reads
from maildaemon.domain.standing import Severity, Standing, Trouble, troubles
from maildaemon.settings import MailboxSettings, Settings
from maildaemon.settings.policy import make_policy

LATELY = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class Watched:
    """A mailbox. `silences` (by code) and `mails` are of the last seven days. Of conversations only
    the reference is shown: whose they are, and what about, the log would not tell either.
    """

    mailbox: str
    mode: str
    standing: Standing
    troubles: tuple[Trouble, ...]
    waiting: tuple[Waiting, ...]
    silences: dict[str, int]
    mails: tuple[Sent, ...]

    @property
    def well(self) -> bool:
        """Tell whether it is read and its queues move."""
        return all(one.severity is Severity.ATTENTION for one in self.troubles)


def read_watched(
    settings: Settings, store: SqlStore, veil: Callable[[str], str], now: datetime
) -> tuple[Watched, ...]:
    """Return every mailbox; `veil` hides in a text what the log would hide."""
    with read_listings(store) as listings:
        return tuple(_read(settings, listings, one, veil, now) for one in settings.mailboxes)


def _read(
    settings: Settings,
    listings: SqlListings,
    mailbox: MailboxSettings,
    veil: Callable[[str], str],
    now: datetime,
) -> Watched:
    mailbox_id, reads_all = listings.mailbox_id(mailbox.name), mailbox.reads is Reads.ALL
    standing = listings.standing(mailbox_id, now) if mailbox_id is not None else Standing()
    found = troubles(standing, mailbox.imap.poll_every, now)
    waiting: tuple[Waiting, ...] = ()
    silences: dict[str, int] = {}
    mails: tuple[Sent, ...] = ()
    if mailbox_id is not None and reads_all:
        waiting = listings.waiting(mailbox_id, make_policy(settings, mailbox), now)
        silences, mails = listings.lately(mailbox_id, now - LATELY)
    return Watched(
        mailbox.name,
        settings.mode_in_words(mailbox),
        standing,
        tuple(_veiled(found, veil)),
        waiting,
        silences,
        mails,
    )


def _veiled(found: tuple[Trouble, ...], veil: Callable[[str], str]) -> Iterator[Trouble]:
    for one in found:
        yield replace(one, what=veil(one.what), advice=veil(one.advice))
