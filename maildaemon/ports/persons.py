"""What the services need to know of a person who asks what is kept of him, or to be erased."""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from maildaemon.domain.erasure import Tombstone
from maildaemon.domain.person import Personal, Row


@dataclass(frozen=True, slots=True)
class Bytes:
    """What no record holds any more, by sha256: whole messages, and files."""

    raw: tuple[str, ...] = ()
    files: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Suspect:
    """A recorded message, as a tombstone looks at it. `at`: when it came; what is history may have
    been written before. `is_quoted`: what others had quoted in it was taken out.
    """

    message: int
    message_id: str
    author: str
    recipients: tuple[str, ...]
    at: datetime
    said: str
    is_quoted: bool


@dataclass(frozen=True, slots=True)
class Fetched:
    """Entries of the journal that hold bytes once more which were let go of; `until`: up to which
    entry all were looked at.
    """

    inbound: tuple[int, ...]
    until: int


class Persons(Protocol):
    """People, by their addresses."""

    def read(self, addresses: Sequence[str]) -> Personal:
        """Return all that is kept of the person who has these addresses, however they are spelled.

        His are the mails that he wrote, those that were written to him, and whatever belongs to
        them; of a conversation that has no other customer all of it.
        """

    def doomed(self, addresses: Sequence[str], ours: Collection[str]) -> Personal:
        """Return what goes when he is erased: as `read`, without what somebody else wrote to
        somebody else as well, who is none of `ours`.
        """

    def doomed_again(
        self, messages: Sequence[int], quoting: Sequence[int], is_erased: Callable[[str], bool]
    ) -> Personal:
        """Return what goes with these messages, and with the conversations they are all of; of
        other conversations, theirs and those of `quoting`, whoever is erased and wrote nothing.
        """

    def quoting(self, personal: Personal, these: Collection[int] = ()) -> tuple[Row, ...]:
        """Return the messages of others in which his words may stand, and `these`."""

    def erase(
        self,
        personal: Personal,
        key: bytes,
        at: datetime,
        quotes: Sequence[Row] = (),
        *,
        told: bool = True,
    ) -> Bytes:
        """Take what was read (`doomed`) out of the records, and put `quotes`, messages of others
        without his words, in the place of what they were. `told`: take away what staff were told of
        all conversations since then, too.
        """

    def left_behind(self, covers: Callable[[str, datetime], bool]) -> Personal:
        """Return what was kept of people, beside messages: whom we wrote to, who was muted or could
        not be reached, what staff were told of. A database that was restored has it again.
        """

    def fetched_again(self, after: int) -> Fetched:
        """Return which entries of the journal behind this one brought back the bytes of messages
        that are erased, or of which the quotes are.
        """

    def let_bytes_go(self, inbound: Sequence[int]) -> tuple[str, ...]:
        """Take the bytes from entries of the journal; return those that nothing holds then."""

    def bytes_of(self, messages: Sequence[int]) -> tuple[str, ...]:
        """Return the bytes that the journal has of these messages: each copy has its own."""

    def since(self, message_id: int, most: int) -> tuple[Suspect, ...]:
        """Return messages that were recorded after this one, in their order."""

    def files_of(self, messages: Sequence[int]) -> tuple[Row, ...]:
        """Return the files of messages whose bytes are kept."""

    def drop_files(self, files: Sequence[Row], at: datetime) -> tuple[str, ...]:
        """Take the names and bytes of files out of the records; return what nothing holds then."""

    def unprocessed(self) -> tuple[tuple[int, str], ...]:
        """Return what is in the journal and was not read yet, with its bytes."""

    def let_go(self, inbound_id: int) -> None:
        """Conclude an entry of the journal without reading it."""


class Graves(Protocol):
    """What is remembered of erasures, outside of the database: it outlives its restore."""

    def read(self) -> tuple[Tombstone, ...]:
        """Return all, oldest first."""

    def add(self, stone: Tombstone) -> None:
        """Keep one more; once it returns, a power cut takes nothing."""
