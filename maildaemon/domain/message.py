"""What a message is, in the words of RFC 5322, 5321, 2045 and 2183."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Self

from maildaemon.domain.reading import Findings

# From here on a language is taken for what it is, whatever the customer wrote in before.
SURE = 0.8


@dataclass(frozen=True, slots=True)
class Address:
    """RFC 5322 §3.4: what the standard calls a mailbox. `name` is empty if none was given."""

    name: str
    address: str

    @property
    def key(self) -> str:
        """Return the form in which two spellings of one address are equal."""
        return self.address.strip().lower()

    @property
    def local_part(self) -> str:
        """Return what stands before the last `@`; the whole if there is none."""
        return self.address.rpartition("@")[0] or self.address

    @property
    def domain(self) -> str:
        """Return the domain in lower case; empty if there is none."""
        return self.address.rpartition("@")[2].lower() if "@" in self.address else ""


class ReportAction(StrEnum):
    """RFC 3464 §2.3.3: what became of the mail for one recipient."""

    FAILED = "failed"
    DELAYED = "delayed"
    DELIVERED = "delivered"
    RELAYED = "relayed"
    EXPANDED = "expanded"


@dataclass(frozen=True, slots=True)
class ReportedRecipient:
    """One per-recipient block of a delivery report; `status` is an RFC 3463 code or None."""

    address: str
    action: ReportAction
    status: str | None
    diagnostic: str | None


@dataclass(frozen=True, slots=True)
class DeliveryReport:
    """A bounce or delay notice; `original_message_id` is None if the report does not tell."""

    recipients: tuple[ReportedRecipient, ...]
    original_message_id: str | None


class Finding(StrEnum):
    """What is odd about a file, by stable names.

    `ambiguous`: can be read in more than one way. `unreadable`: cannot be decoded, or is damaged.
    `unfinished`: only a part of it was looked through. `hidden_characters`: its name has some.
    `encrypted`: an archive with a password. `overlapping`: an archive whose files lie in each
    other or about their sizes. `escaping_names`: an archive that writes outside its folder.
    `active_content`: parts that run, or load something, by themselves. `calendar_reply`: an answer
    to an invitation. `malware`: a virus scanner says so. `unscanned`: it could not be asked.
    """

    AMBIGUOUS = "ambiguous"
    UNREADABLE = "unreadable"
    UNFINISHED = "unfinished"
    HIDDEN_CHARACTERS = "hidden_characters"
    ENCRYPTED = "encrypted"
    OVERLAPPING = "overlapping"
    ESCAPING_NAMES = "escaping_names"
    MACROS = "macros"
    ACTIVE_CONTENT = "active_content"
    CALENDAR_REPLY = "calendar_reply"
    MALWARE = "malware"
    UNSCANNED = "unscanned"


@dataclass(frozen=True, slots=True)
class Inside:
    """What was seen by looking into a file: an archive, an attached mail, an office file, a PDF.

    `extensions` and `types` (what the content shows) are those of the files in it, each once.
    `files` counts them, `size` is theirs unpacked, in bytes; `depth` is how many archives lie
    within each other, 0 for what is no archive.
    """

    extensions: tuple[str, ...] = ()
    types: tuple[str, ...] = ()
    files: int = 0
    size: int = 0
    depth: int = 0


@dataclass(frozen=True, slots=True)
class Receipt:
    """What became of a mail that did arrive (RFC 8098), or that somebody complained about it
    (RFC 5965); `original_message_id` is None if the report does not tell.
    """

    original_message_id: str | None
    complaint: bool = False


@dataclass(frozen=True, slots=True)
class Attachment:
    """Facts about one file. Whether it is welcome is decided in `domain.attachments`.

    `filename` is safe to show: decoded, without path, control or bidirectional characters; made
    from the type where the sender gave none. `names` are *all* names the part carries, decoded:
    a part may call itself `a.png` and `a.exe` at once, and the worst one counts.
    `detected_type` comes from the content, None if the content tells nothing.
    `findings` are facts that a rule may look at: see `Finding`. `inside` is None for what has
    nothing in it that is a file of its own.
    """

    filename: str
    names: tuple[str, ...]
    declared_type: str
    detected_type: str | None
    size: int
    sha256: str
    inline: bool
    content_id: str | None = None
    findings: tuple[str, ...] = ()
    inside: Inside | None = None


# Among the defects of a message that was too large for more.
HEADER_ONLY = "header_only"
# What a parser makes of the body that is not there.
_BODY_MISSING = "ambiguous_structure"


@dataclass(frozen=True, slots=True)
class Message:
    """Everything a decision may know about one message. Made only by the parser; total.

    `identity` is the sha256 (hex) by which the same message is recognised however it arrives;
    `message_id` is made from it when the sender gave none. Message-IDs stand without brackets.
    `return_path`: None if the field is absent, "" for the null reverse path, else the address.
    `fields` holds every header field in order, name in lower case, value unfolded, decoded and
    free of CR, LF and NUL; over-long ones are cut.
    `report_type` is the parameter of a multipart/report, None for anything else.
    `text` is the readable whole, `reply_text` what is new in it. `language` is that of the new
    text, None if it shows none; `language_confidence` says from 0 to 1 how sure that is.
    `found` is what was looked for in it, None if that could not be done. `defects` lists damage
    by stable names; a `degraded` message was too hostile to be parsed.
    """

    message_id: str
    identity: str
    from_: Address | None
    subject: str
    date: datetime | None
    size: int
    in_reply_to: tuple[str, ...] = ()
    references: tuple[str, ...] = ()
    reply_to: tuple[Address, ...] = ()
    to: tuple[Address, ...] = ()
    cc: tuple[Address, ...] = ()
    bcc: tuple[Address, ...] = ()
    return_path: str | None = None
    fields: tuple[tuple[str, str], ...] = ()
    content_type: str = "text/plain"
    report_type: str | None = None
    text: str = ""
    reply_text: str = ""
    language: str | None = None
    language_confidence: float = 0.0
    found: Findings | None = None
    attachments: tuple[Attachment, ...] = ()
    bounce: DeliveryReport | None = None
    receipt: Receipt | None = None
    defects: tuple[str, ...] = ()
    degraded: bool = False

    @property
    def sure_language(self) -> str | None:
        """Return the language that the text shows beyond doubt, None if it is but a guess."""
        return self.language if self.language_confidence >= SURE else None

    @property
    def header_only(self) -> bool:
        """Tell whether nothing but its header was read, for it is too large."""
        return HEADER_ONLY in self.defects

    def without_body(self, size: int) -> Self:
        """Return it as a message of which only the header was read; `size` is that of the whole.
        What was made of a body that is not there is neither damage nor a file.
        """
        defects = (one for one in self.defects if one != _BODY_MISSING)
        return replace(self, size=size, attachments=(), defects=(*defects, HEADER_ONLY))

    def field(self, name: str) -> tuple[str, ...]:
        """Return all values of a header field, in order; empty if it is absent."""
        return tuple(value for key, value in self.fields if key == name)

    @property
    def reported_id(self) -> str | None:
        """Return the Message-ID of the mail that this one reports on, None if of none known."""
        if self.bounce is not None:
            return self.bounce.original_message_id
        return self.receipt.original_message_id if self.receipt else None

    @property
    def forwarded(self) -> tuple[str, ...]:
        """Return the Message-IDs of what this one passes on, where the mail client names them
        (Thunderbird does); empty if it does not.
        """
        named = " ".join(self.field("x-forwarded-message-id")).split()
        return tuple(dict.fromkeys(one.strip("<>") for one in named if len(one) > len("<>")))

    @property
    def cited(self) -> tuple[str, ...]:
        """Return every Message-ID this one answers, the nearest ancestor first, each once."""
        nearest_first = (*self.in_reply_to, *reversed(self.references))
        return tuple(dict.fromkeys(nearest_first))


@dataclass(frozen=True, slots=True)
class Parsed:
    """A message, and the bytes of its files by sha256 (a degraded message has none)."""

    message: Message
    contents: Mapping[str, bytes]
