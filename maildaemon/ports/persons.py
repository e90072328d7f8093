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
    """A recorded message, as a tombstone looks at it. `at`: when it came, or was written before."""

    message: int
    message_id: str
    author: str
    recipients: tuple[str, ...]
    at: datetime


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

    def bytes_of_erased(self) -> tuple[str, ...]:
        """Let go of messages that are erased and were fetched once more; return their bytes."""

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
