"""Does what a person says by keywords and folders: the same as the verbs of the command line do."""

from collections.abc import Mapping
from datetime import datetime

from maildaemon.domain.by_hand import FOR_GOOD, ThreadState
from maildaemon.domain.control import Change, Keyword
from maildaemon.domain.threads import Status
from maildaemon.domain.understanding import Priority
from maildaemon.ports import Role
from maildaemon.ports.store import Transaction
from maildaemon.services.by_hand import (
    NOTHING,
    Deed,
    mute,
    set_priority,
    set_status,
    undo_priority,
    undo_status,
    unmute,
)

BY_MOVING = "moving it in a mail client"
BY_FOLDER: Mapping[Role, Keyword] = {
    Role.RESOLVED: Keyword.RESOLVED,
    Role.NO_AUTO: Keyword.NO_AUTO,
    Role.URGENT: Keyword.URGENT,
    Role.WORKING: Keyword.WORKING,
}


def steer(tx: Transaction, reference: str, change: Change, by: str, now: datetime) -> Deed:
    """Do what a keyword says that a person has set or taken off, in the thread or the one that
    took it; what is so already changes nothing.
    """
    thread = tx.by_hand.thread(reference)
    if thread is not None and thread.merged_into is not None:
        thread = tx.by_hand.thread(thread.merged_into)
    if thread is None:
        return NOTHING
    return (
        _set(tx, thread, change.keyword, by, now)
        if change.on
        else _undo(tx, thread, change.keyword, by, now)
    )


def _set(tx: Transaction, thread: ThreadState, keyword: Keyword, by: str, now: datetime) -> Deed:
    match keyword:
        case Keyword.WAITING:
            return set_status(tx, thread, Status.OPEN, by, now)
        case Keyword.WORKING:
            return set_status(tx, thread, Status.WORKING, by, now)
        case Keyword.RESOLVED:
            return set_status(tx, thread, Status.RESOLVED, by, now)
        case Keyword.NO_AUTO:
            return mute(tx, thread, FOR_GOOD, by, now)
        case Keyword.URGENT:
            return set_priority(tx, thread, Priority.URGENT, by, now)
        case Keyword.OVERDUE:
            return NOTHING  # that is the clock's to say


def _undo(tx: Transaction, thread: ThreadState, keyword: Keyword, by: str, now: datetime) -> Deed:
    match keyword:
        case Keyword.WORKING:
            return undo_status(tx, thread, Status.WORKING, by, now)
        case Keyword.RESOLVED:
            return undo_status(tx, thread, Status.RESOLVED, by, now)
        case Keyword.NO_AUTO:
            return unmute(tx, thread, by, now)
        case Keyword.URGENT:
            return undo_priority(tx, thread, Priority.URGENT, by, now)
        case Keyword.WAITING | Keyword.OVERDUE:
            return NOTHING  # an answer ends it, or `$Resolved`; it is shown again
