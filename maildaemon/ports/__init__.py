"""What the services need from the outside world, as roles. Adapters play them.

Every role is small, blocking unless it says otherwise, and raises only the errors of
`maildaemon.errors`. A `TemporaryError` leaves nothing half done.
"""

from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Protocol

from maildaemon.domain.delivery import Draft, Envelope, Note, Outcome
from maildaemon.domain.grants import AccessToken, Grant
from maildaemon.domain.message import Parsed
from maildaemon.domain.reading import Reading
from maildaemon.domain.understanding import OrderNumber

Now = Callable[[], datetime]


class Role(StrEnum):
    """What a folder is for (RFC 6154); `other` is one the operator named in `folders`. By the last
    four staff steer: what is moved there is said by that (`control.folders`).
    """

    INBOX = "inbox"
    SENT = "sent"
    JUNK = "junk"
    DRAFTS = "drafts"
    OTHER = "other"
    RESOLVED = "resolved"
    NO_AUTO = "no_auto"
    URGENT = "urgent"
    WORKING = "working"


@dataclass(frozen=True, slots=True)
class FolderName:
    """A folder as the server names it, and what it is for."""

    name: str
    role: Role


@dataclass(frozen=True, slots=True)
class FolderState:
    """RFC 9051 §2.3.1.1: UIDs mean something only together with UIDVALIDITY.

    `uidnext` is a lower bound of the next UID; None where the server does not tell. `modseq` grows
    with every change (RFC 7162), None where the server does not count them.
    """

    uidvalidity: int
    uidnext: int | None
    messages: int
    modseq: int | None = None


@dataclass(frozen=True, slots=True)
class Listed:
    """A message that the server lists. `size` in bytes as the server claims it."""

    uid: int
    size: int
    internal_date: datetime | None


@dataclass(frozen=True, slots=True)
class Fetched:
    """The bytes of a message (or of its header block only)."""

    uid: int
    raw: bytes


class SignIn(Protocol):
    """A person's leave to use a mailbox, by which tokens to log in with are come by."""

    @property
    def username(self) -> str:
        """Return the account that somebody has signed in for."""

    def grant(self) -> Grant | None:
        """Return what is kept of it; None if nobody has signed in. SecretError if it cannot be
        read.
        """

    def token(self, instead_of: AccessToken | None = None) -> AccessToken:
        """Return a token that holds for a while; not the one that a server has refused.

        Raises IdentityUnavailableError if there is none now, SignInRefusedError if there will be
        none before somebody signs in, SecretError if nobody ever has.
        """


class Mailbox(Protocol):
    """One IMAP connection, used by one thread at a time. Opens itself when first used.

    Raises MailboxUnavailableError (temporary; the connection is thrown away and the next call
    opens a new one), MailboxPasswordRefusedError, MailboxRefusedError.
    Nothing here moves. `append`, `mark`, `make_folders` and `delete` write, nothing else does.
    """

    def folders(self) -> tuple[FolderName, ...]:
        """Return the folders to watch and to write to: the configured names where given, else
        SPECIAL-USE, else well-known names. INBOX always comes first; a role may be missing.
        A configured inbox or folder of sent mail that does not exist raises MailboxRefusedError
        naming the ones that do; any other configured folder is left out.
        """

    def missing_folders(self) -> tuple[tuple[str, str], ...]:
        """Return the configured folders that `folders` left out the last time, each with advice
        naming the ones that exist.
        """

    def examine(self, folder: str) -> FolderState:
        """Select a folder read-only and return its state."""

    def list_after(self, folder: str, uid: int) -> tuple[Listed, ...]:
        """Return every message with a UID above `uid`, ascending."""

    def list_since(self, folder: str, since: datetime) -> tuple[Listed, ...]:
        """Return the messages whose INTERNALDATE is not before `since`, ascending by UID."""

    def fetch(self, folder: str, uids: Sequence[int]) -> Iterator[Fetched]:
        """Yield whole messages (BODY.PEEK[]), batched by bytes. A UID that the server lists but
        does not deliver is simply not yielded.
        """

    def fetch_headers(
        self, folder: str, uids: Sequence[int], only: str | None = None
    ) -> Iterator[Fetched]:
        """Yield header blocks only (BODY.PEEK[HEADER]), batched; of each only one field, if it is
        named.
        """

    def wait(self, folder: str, timeout: timedelta) -> bool:
        """IDLE on a folder until something happens or time is up; True if something happened.
        Returns at once with True if news was already waiting. Where the server has no IDLE,
        raises NotImplementedError.
        """

    def append(self, folder: str, raw: bytes, at: datetime, *, draft: bool = False) -> None:
        """File a copy, marked as read (a copy of our own mail is nobody's unread mail), or a draft,
        marked as one.
        """

    def flags(
        self, folder: str, uids: Sequence[int], since: int | None
    ) -> Mapping[int, frozenset[str]]:
        """Return the flags and keywords of these messages, of those only that have changed since
        (a `modseq` of this folder; None: all). What is not there any more is left out.
        """

    def mark(self, folder: str, uid: int, add: Sequence[str], remove: Sequence[str]) -> bool:
        """Set keywords on a message, and take some off; False, and nothing is done, if the server
        keeps no keywords there. What is not there any more is no trouble.
        """

    def make_folders(self, roles: Sequence[Role]) -> None:
        """Make the folders by which staff steer, as far as they are missing."""

    def can_delete(self) -> bool:
        """Tell whether the server can delete one message and leave alone what others have marked
        as deleted.
        """

    def delete(self, folder: str, uid: int) -> bool:
        """Delete exactly this message; False if the server cannot (`can_delete`): then it is marked
        as deleted and as read. What is not there any more is no trouble.
        """

    def interrupt(self) -> None:
        """Break a call that another thread is in; it raises MailboxUnavailableError there."""

    def close(self) -> None:
        """Log out as far as possible; never raises."""


@dataclass(frozen=True, slots=True)
class Certificate:
    """From when until when a server's certificate is good."""

    begins_at: datetime
    ends_at: datetime


class Transport(Protocol):
    """A submission server (RFC 6409). Async; keeps a connection for reuse."""

    async def open(self) -> None:
        """Make sure a usable session stands: connect, TLS, AUTH; a kept one is probed.

        Raises TransportUnavailableError, TransportPasswordRefusedError, TransportRefusedError.
        These concern the session, never a message.
        """

    async def send(
        self, envelope: Envelope, raw: bytes, before_dot: Callable[[], Awaitable[None]]
    ) -> Outcome:
        """Send one mail over the open session.

        `before_dot` is awaited as late as the library allows before the mail can be accepted;
        if it raises, the mail is not sent and the error passes through. Trouble before it is a
        TransportUnavailableError and provably harmless; trouble after it is `Uncertain`.
        A 421 is a session matter before the dot.
        """

    async def close(self) -> None:
        """Say QUIT and close; whatever the server answers is ignored. Never raises."""


class Parser(Protocol):
    """Turns hostile bytes into facts, in a bounded process."""

    def parse(self, raw: bytes, reading: Reading) -> Parsed:
        """Return the parsed message and what was looked for in it; total: what breaks the limits
        becomes a degraded message, or one in which nothing was found (`patterns_timed_out`). Of
        payment card numbers in it only the last four digits are left.

        Raises ParserUnavailableError only when no worker can be had at all.
        """

    def expect(self, raw: bytes, reading: Reading) -> None:
        """Begin with a message that `parse` will soon be asked for, if nothing else is to be done;
        what comes of it is seen no earlier than that. Never raises.
        """

    def close(self) -> None:
        """End the worker process."""


@dataclass(frozen=True, slots=True)
class Trouble:
    """A kind of numbers that cannot be looked up just now, and why, in words for the operator."""

    name: str
    why: str


@dataclass(frozen=True, slots=True)
class Looked:
    """Numbers with what is known of them, and what could not be asked."""

    numbers: tuple[OrderNumber, ...]
    troubles: tuple[Trouble, ...]


class Lookup(Protocol):
    """The shop's own lists of its orders. Only read, and asked outside of our transactions."""

    def look_up(self, numbers: tuple[OrderNumber, ...]) -> Looked:
        """Return the numbers in their order, `known` filled in where it can be told; a list that
        cannot be reached costs seconds at most and raises nothing.
        """


class Composer(Protocol):
    """Turns a draft into the exact bytes that are queued."""

    def languages(self) -> tuple[str, ...]:
        """Return the languages for which every template exists."""

    def compose(self, draft: Draft) -> bytes:
        """Return the wire bytes (CRLF). Same draft, same templates, same bytes.

        What was serialised is parsed again and must have exactly the intended header fields
        and recipient, else ValueError: nothing of the sort may ever be queued.
        """

    def words_for_partner(self, language: str, reference: str) -> tuple[str, str]:
        """Return the subject and the text of a mail that encloses a customer's message."""

    def compose_note(self, note: Note) -> bytes:
        """Return the wire bytes of a mail to a colleague or partner, proven as `compose` does."""


class BlobStore(Protocol):
    """Content-addressed files that survive a power cut once `put_all` has returned.

    What is put again although it is there counts as new from then on: `remove` leaves it alone.
    """

    def put_all(self, contents: Sequence[bytes]) -> list[str]:
        """Keep the contents and return their sha256 in hex; the same content is kept once."""

    def get(self, sha256: str) -> bytes:
        """Return the content; KeyError if it is not there."""

    def has(self, sha256: str) -> bool:
        """Tell whether the content is there."""

    def remove(self, sha256: str, before: datetime) -> bool:
        """Drop a content that nobody has put since `before`; tell whether it is gone."""

    def names(self) -> Iterator[str]:
        """Yield the sha256 of everything that is kept."""

    def drop_unfinished(self, before: datetime) -> int:
        """Drop what a death has left half written before this; return how much."""


class Scanner(Protocol):
    """A virus scanner; any thread may use it. `place` is where it is asked, for people."""

    @property
    def place(self) -> str:
        """Return where it is asked, as an operator knows it."""

    def scan(self, content: bytes) -> str | None:
        """Return the name of what was found in a file, None if it is clean.

        Ends within its own time limit. Raises ScannerUnavailableError if it cannot be asked (for
        a while it then says so at once), FileUnscannableError if it will not look at this file.
        """

    def ping(self) -> None:
        """Return if it can be asked; raises ScannerUnavailableError if not."""


class Ticker(Protocol):
    """Calls back in the event loop at regular intervals; what is missed is not made up for."""

    def every(self, interval: timedelta, callback: Callable[[], None]) -> None:
        """Call back each interval, for the first time after one interval."""

    def start(self) -> None:
        """Begin to tick."""

    def stop(self) -> None:
        """Tick no more."""
