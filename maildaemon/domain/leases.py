"""For how long a daemon holds a mailbox against the others of its database, and what that is."""

from dataclasses import dataclass
from datetime import datetime, timedelta

# Who is not heard of for so long is taken for dead. The clock of the database server counts it:
# it is the only one that all of them share.
LIFE = timedelta(seconds=30)
RENEW_EVERY = timedelta(seconds=5)
# Who could not renew stops so much earlier, by a clock of his own that nobody can set.
MARGIN = timedelta(seconds=5)

# What belongs to no mailbox: alarms, the digest, files whose time is over. No mailbox is named so.
SHARED = "*"


@dataclass(frozen=True, slots=True)
class Daemon:
    """A process that works on the database. `home` tells its data folder from others, `key_mark`
    the key in it; `place` is for people, `mailboxes` are those it may hold.
    """

    daemon_id: str
    home: str
    place: str
    key_mark: str
    mailboxes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Held:
    """A lease that a daemon holds. `taken_over`: it has just been taken from one who died."""

    name: str
    fence: int
    taken_over: bool = False


@dataclass(frozen=True, slots=True)
class Holding:
    """Who holds a mailbox, or waits for it, and since when."""

    place: str
    since: datetime
