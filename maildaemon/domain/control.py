"""What staff say by keywords and folders of their mail client, and what is shown to them that way.

A conversation shows how it stands on its customer's newest message. What a person sets or takes
off, on whatever message of it, says the same as the verbs of `maildaemon threads`.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from maildaemon.domain.by_hand import ThreadState
from maildaemon.domain.threads import Status
from maildaemon.domain.understanding import Priority


class Keyword(StrEnum):
    """IMAP keywords by which a conversation is steered, and shows how it stands."""

    OVERDUE = "$Overdue"
    WAITING = "$Waiting"
    WORKING = "$Working"
    RESOLVED = "$Resolved"
    NO_AUTO = "$NoAuto"
    URGENT = "$Urgent"


# RFC 9051 §2.3.2: the case of a keyword does not matter, and some servers change it.
_BY_NAME = {one.lower(): one for one in Keyword}
_OF_STATUS = {
    Status.OPEN: Keyword.WAITING,
    Status.WORKING: Keyword.WORKING,
    Status.RESOLVED: Keyword.RESOLVED,
}


@dataclass(frozen=True, slots=True)
class Control:
    """Which ways of steering from a mail client the operator has asked for."""

    keywords: bool = False
    folders: bool = False


@dataclass(frozen=True, slots=True)
class Change:
    """What a person has done: set a keyword, or taken it off."""

    keyword: Keyword
    on: bool


def read_keywords(flags: Iterable[str]) -> frozenset[Keyword]:
    """Return those of our keywords that are among the flags of a message."""
    return frozenset(_BY_NAME[one.lower()] for one in flags if one.lower() in _BY_NAME)


def keywords_of(thread: ThreadState, now: datetime, *, overdue: bool = False) -> frozenset[Keyword]:
    """Return what shows how a conversation stands."""
    shown = {_OF_STATUS[thread.status]} if thread.status in _OF_STATUS else set()
    if overdue and thread.status is Status.OPEN:
        shown.add(Keyword.OVERDUE)
    if thread.muted_until is not None and thread.muted_until > now:
        shown.add(Keyword.NO_AUTO)
    if thread.priority is Priority.URGENT and thread.status is not Status.RESOLVED:
        shown.add(Keyword.URGENT)
    return frozenset(shown)


def wanted_on(
    shown: frozenset[Keyword], seen: frozenset[Keyword], *, newest: bool
) -> frozenset[Keyword]:
    """Return what is to stand on a message of a conversation that shows this: everything on the
    customer's newest one. What stands on another stays while it is true: there a person set it.
    """
    return shown if newest else shown & seen


def changes_by_people(
    seen: frozenset[Keyword], writing: frozenset[Keyword] | None, there: frozenset[Keyword]
) -> tuple[Change, ...]:
    """Return what people have changed on a message since we saw it last, what they took off
    first. `writing`: what we were about to make of it meanwhile, None if nothing; whether that
    was done nobody knows, but it was not a person.
    """
    off, on = seen - there, there - seen
    if writing is not None:
        off, on = off & writing, on - writing
    return (
        *(Change(one, on=False) for one in Keyword if one in off),
        *(Change(one, on=True) for one in Keyword if one in on),
    )
