"""Which folders are read, and what is told if one is missing."""

import logging
from collections.abc import Sequence
from datetime import datetime

from maildaemon.ports import FolderName, Mailbox, Role
from maildaemon.ports.rows import Concern, FolderRow
from maildaemon.ports.store import Store
from maildaemon.services.desk import Desk, log
from maildaemon.services.last_look import LOST_SENT

WATCHED = frozenset(Role) - {Role.DRAFTS}
_LOST = "say in `imap.sent` which folder it is now; until then no reminder goes to a customer"
_MISSING = "make it in the mailbox, or correct its name in the configuration (`imap`)"


def tell_missing(
    store: Store,
    mailbox: Mailbox,
    desk: Desk,
    names: Sequence[FolderName],
    known: Sequence[FolderRow],
    now: datetime,
) -> None:
    """Note which folders are not there, and tell it if that is new."""
    concerns = {"folder": _missing(mailbox), LOST_SENT: _lost(names, known)}
    with store.read() as tx:
        untold = {
            kind: found
            for kind, found in concerns.items()
            if found is not None and not tx.mailboxes.concerned(desk.mailbox_id, kind, found)
        }
    for kind, found in untold.items():
        _tell(store, desk, kind, found, now)


def _missing(mailbox: Mailbox) -> list[Concern]:
    """Return which configured folders are not there; the others are read meanwhile."""
    return [
        Concern(name, f"there is no folder named {name!r}", f"{_MISSING}; {advice}")
        for name, advice in mailbox.missing_folders()
    ]


def _lost(names: Sequence[FolderName], known: Sequence[FolderRow]) -> list[Concern] | None:
    """Return that there was a folder for sent mail and is none: answers stand elsewhere. None if
    there never was one.
    """
    if any(name.role is Role.SENT for name in names):
        return []
    found = [
        Concern(row.name, f"the folder for sent mail, {row.name!r}, is gone", _LOST)
        for row in known
        if row.role is Role.SENT
    ]
    return found or None


def _tell(store: Store, desk: Desk, kind: str, found: Sequence[Concern], now: datetime) -> None:
    with store.begin() as tx:
        new = tx.mailboxes.set_concerns(desk.mailbox_id, kind, found, now)
    for one in new:
        log(
            "folder.missed",
            logging.ERROR,
            mailbox=desk.policy.mailbox,
            folder=one.name,
            advice=one.advice,
        )


def watched(mailbox: Mailbox) -> list[FolderName]:
    """Return the folders that are read, those of sent mail last."""
    names = [name for name in mailbox.folders() if name.role in WATCHED]
    # Sent comes last: a mail goes out once Sent has been read after its cause was recorded.
    return sorted(names, key=lambda name: name.role is Role.SENT)
