"""What an audit can find between a mailbox and its records, and what is to be done about it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, time, timedelta, tzinfo
from enum import StrEnum

# By then the day before is over everywhere, and nobody waits for the mailbox yet.
_NIGHTLY = time(3, 30)
WINDOW = timedelta(days=30)


class Fault(StrEnum):
    """What was found, by the codes that `audit --json` prints."""

    MISSING = "missing"
    CHANGED = "changed"
    RECORDED_TWICE = "recorded_twice"
    COPY_DOUBLED = "copy_doubled"
    UNKNOWN_MAIL = "unknown_mail"
    RENUMBERED = "renumbered"
    UNREAD = "unread"
    WITHHELD = "withheld"
    PARKED = "parked"
    TOO_LARGE = "too_large"
    GONE = "gone"


# Something must be done about these. The others are known, and explained by what happens anyway.
WRONG = frozenset(
    {
        Fault.MISSING,
        Fault.CHANGED,
        Fault.RECORDED_TWICE,
        Fault.COPY_DOUBLED,
        Fault.UNKNOWN_MAIL,
    }
)
# What `audit --repair` mends.
MENDED = frozenset({Fault.MISSING, Fault.CHANGED, Fault.UNKNOWN_MAIL})

WHAT: Mapping[Fault, str] = {
    Fault.MISSING: "it lies in the mailbox and is not recorded",
    Fault.CHANGED: "another message is recorded under its UID",
    Fault.RECORDED_TWICE: "one message, several records",
    Fault.COPY_DOUBLED: "several copies of one mail of ours",
    Fault.UNKNOWN_MAIL: "a mail of ours that no record says we sent",
    Fault.RENUMBERED: "the server has numbered the messages of this folder anew",
    Fault.UNREAD: "it has come since the folder was read last",
    Fault.WITHHELD: "the server lists it and does not deliver it",
    Fault.PARKED: "it could not be processed and was put aside",
    Fault.TOO_LARGE: "it is too large: only its header is recorded",
    Fault.GONE: "it is recorded and no longer lies there",
}

ADVICE: Mapping[Fault, str] = {
    Fault.MISSING: "maildaemon audit --repair",
    Fault.CHANGED: "maildaemon audit --repair",
    Fault.RECORDED_TWICE: "compare them with `maildaemon messages show`; if both are one mail, "
    "report it: it must not happen",
    Fault.COPY_DOUBLED: "look into `maildaemon outbox show`: a mail that was resent is known; if "
    "the server files sent mail itself and it was sent once, delete one copy",
    Fault.UNKNOWN_MAIL: "maildaemon audit --repair",
    Fault.RENUMBERED: "nothing: the daemon reads it again, and recognises what it knows",
    Fault.UNREAD: "nothing: the daemon reads it next; if it does not run: maildaemon run",
    Fault.WITHHELD: "nothing: it is asked for again; after a day `status` tells",
    Fault.PARKED: "maildaemon parked list",
    Fault.TOO_LARGE: "nothing, or raise `attachments.max_message_size` for later ones",
    Fault.GONE: "nothing: somebody has moved or deleted it; the record stays",
}


@dataclass(frozen=True, slots=True)
class Finding:
    """Something that was found. `uid` None: it concerns a folder, or records. `about` tells more
    where there is more to tell.
    """

    fault: Fault
    folder: str
    uid: int | None = None
    message_id: str | None = None
    date: datetime | None = None
    about: str | None = None

    @property
    def wrong(self) -> bool:
        """Tell whether somebody has to do something."""
        return self.fault in WRONG


def last_night(now: datetime, zone: tzinfo) -> datetime:
    """Return when the newest nightly audit is due or was, in the shop's own night."""
    today = datetime.combine(now.astimezone(zone).date(), _NIGHTLY, zone)
    return today if today <= now else today - timedelta(days=1)
