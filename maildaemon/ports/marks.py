"""What the database keeps of keywords in the mailbox: what was seen there, and what is written."""

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from maildaemon.domain.by_hand import ThreadState
from maildaemon.domain.control import Keyword
from maildaemon.ports import Role


@dataclass(frozen=True, slots=True)
class Place:
    """A message of a thread under way, and where it lies in the mailbox. `newest`: it is the last
    that a customer wrote there. `seen` are the keywords on it as we know them, None before it was
    looked at; `writing` what we are just making of it, None for nothing. `due`: it may be written
    to. `fence` is for `Marks.write`, `failures` how often that failed in a row. `overdue`: what
    the customer of the thread was promised is broken.
    """

    message_id: int
    thread: ThreadState
    folder_id: int
    folder: str
    role: Role
    uidvalidity: int
    uid: int
    newest: bool
    seen: frozenset[Keyword] | None
    writing: frozenset[Keyword] | None
    due: bool
    fence: int
    failures: int
    overdue: bool


class Marks(Protocol):
    """Keywords on messages of threads under way."""

    def places(self, mailbox_id: int, now: datetime) -> tuple[Place, ...]:
        """Return where the newest messages lie of the threads under way, and of those resolved
        lately; a bounded number, the threads with the newest mail first.
        """

    def modseq(self, folder_id: int) -> int | None:
        """Return up to which change (RFC 7162) the keywords of a folder are known."""

    def looked(self, folder_id: int, modseq: int | None) -> None:
        """Note up to which change the keywords of a folder are known."""

    def saw(self, message_id: int, keywords: frozenset[Keyword]) -> None:
        """Note what stands on a message."""

    def write(self, place: Place, keywords: frozenset[Keyword], until: datetime) -> bool:
        """Note what we are about to make of a message, due again at `until`; False if somebody
        else has just done so.
        """

    def written(
        self, place: Place, keywords: frozenset[Keyword], failures: int, next_at: datetime | None
    ) -> None:
        """Note what stands there now, and from when on it may be written to again."""

    def last_role(self, message_id: int, but: int) -> Role | None:
        """Return in what folder a message was seen last, not counting the journal row `but`; None
        if nowhere.
        """
