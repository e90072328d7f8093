"""The last look: before timed mail goes, whether anybody has written meanwhile.

It is taken at the moment of sending. The mail may go only if everything that the server shows
below its next UID in the inbox and in Sent is recorded and decided; else it waits and looks for it
again.
"""

from collections.abc import Awaitable, Callable
from datetime import datetime
from enum import StrEnum

from maildaemon.ports import Mailbox, Role
from maildaemon.ports.rows import FolderRow
from maildaemon.ports.store import Store
from maildaemon.services.desk import Desk

# A concern: there was a folder for sent mail, and there is none.
LOST_SENT = "sent"
_LOOKED_AT = (Role.INBOX, Role.SENT)


class Look(StrEnum):
    """`clear`: nothing is there that is not decided. `unread`: something is, or may be. `hidden`:
    something in Sent cannot be read. `unreachable`: the mailbox could not be asked.
    """

    CLEAR = "clear"
    UNREAD = "unread"
    HIDDEN = "hidden"
    UNREACHABLE = "unreachable"


# What is asked for is whether somebody has written since then.
LastLook = Callable[[datetime], Awaitable[Look]]


def look(store: Store, mailbox: Mailbox, desk: Desk, since: datetime) -> Look:
    """Return what the server shows at this moment, compared with what is decided."""
    with store.read() as tx:
        rows = {row.name: row for row in tx.mailboxes.folders(desk.mailbox_id)}
        lost = not tx.mailboxes.concerned(desk.mailbox_id, LOST_SENT, ())
    listed = mailbox.folders()
    had = lost or any(row.role is Role.SENT for row in rows.values())
    if had and all(name.role is not Role.SENT for name in listed):
        # It has another name, or none: answers stand where nobody looks.
        return Look.HIDDEN
    for name in listed:
        if name.role in _LOOKED_AT and _has_news(mailbox, name.name, rows.get(name.name)):
            return Look.UNREAD
    with store.read() as tx:
        if tx.mailboxes.waits(desk.mailbox_id):
            return Look.UNREAD
        hidden = tx.mailboxes.hidden_in_sent(desk.mailbox_id, since)
    return Look.HIDDEN if hidden else Look.CLEAR


def _has_news(mailbox: Mailbox, folder: str, row: FolderRow | None) -> bool:
    state = mailbox.examine(folder)
    if row is None or row.uidvalidity != state.uidvalidity:
        return True
    if state.uidnext is not None and state.uidnext <= row.last_uid + 1:
        return False
    # Numbers are given to what is gone again as well, and some servers do not tell the next one.
    return bool(mailbox.list_after(folder, row.last_uid))
