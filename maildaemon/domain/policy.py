"""What the operator wants, as the decisions see it. Made from the settings by `bootstrap`."""

from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum

from maildaemon.domain.message import Address


class Mode(StrEnum):
    """What becomes of a mail once it is decided; applied after `decide`, and no silence."""

    SHADOW = "shadow"
    LIVE = "live"


class EchoSubject(StrEnum):
    """Whether the customer's subject may stand in our mail (it could be a spammer's text)."""

    NEVER = "never"
    KNOWN = "known"


@dataclass(frozen=True, slots=True)
class Rate:
    """At most `count` within any span of `per`."""

    count: int
    per: timedelta

    def __str__(self) -> str:
        """Return the rate as an operator reads it."""
        return f"{self.count} in {self.per}"


@dataclass(frozen=True, slots=True)
class Limits:
    """Ceilings on what is sent. The first two silence; the mailbox's rate only delays."""

    per_address: tuple[Rate, ...]
    per_thread: Rate
    per_mailbox: Rate
    burst: int
    longest_delay: timedelta


@dataclass(frozen=True, slots=True)
class AttachmentPolicy:
    """Sizes in bytes; types may end in `/*`; extensions are lower case without the dot."""

    max_file_size: int
    max_total_size: int
    max_files: int
    allowed_types: tuple[str, ...]
    blocked_extensions: frozenset[str]


@dataclass(frozen=True, slots=True)
class Policy:
    """Everything that is decided for one mailbox by configuration.

    `addresses` are all of ours (lower case), `staff` those of colleagues. `trust_reply_to` lists
    contact forms whose Reply-To is the customer. `authserv_id` None: no verdict is believed.
    """

    mailbox: str
    sender: Address
    addresses: frozenset[str]
    staff: frozenset[str]
    trust_reply_to: frozenset[str]
    authserv_id: str | None
    default_language: str
    languages: tuple[str, ...]
    reply_within: timedelta
    mode: Mode
    echo_subject: EchoSubject
    max_message_size: int
    attachments: AttachmentPolicy
    limits: Limits
