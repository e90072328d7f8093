"""A letter of the demonstration, and what must come of it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime

from maildaemon.domain.attachments import Reason, Verdict
from maildaemon.domain.automatic import Kind, Silence
from maildaemon.domain.delivery import Section
from maildaemon.domain.threads import MatchRule, Status

SHOP = "Fiordaliso"
ADDRESS = "support@fiordaliso.example"
CAMILLE = "Camille Moreau <camille.moreau@courrier.example>"
TOM = "Tom Baker <tom.baker@gmial.example>"


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a message; what was expected and what was found are compared as wholes.

    `status` is that of its thread when the act is over, None if it belongs to no thread. `copies`
    is how often the mailbox holds the message, `files` are those that a customer sent.
    """

    kind: Kind
    match: MatchRule
    status: Status | None
    silence: Silence | None = None
    response: tuple[Section, ...] = ()
    language: str | None = None
    files: tuple[tuple[str, Verdict, Reason | None], ...] = ()
    copies: int = 1


@dataclass(frozen=True, slots=True)
class Letter:
    """A message of the play. `in_sent`: a colleague's mail client files it, nobody mails it.

    `again`: an earlier letter of the play, delivered once more.
    """

    title: str
    message_id: str
    reverse_path: str
    raw: bytes
    expected: Outcome
    in_sent: bool = False
    again: bool = False
    quote_response: bool = False


def letter_id(name: str) -> str:
    """Return the Message-ID (no brackets) of the letter with this name."""
    return f"{name}.20261121@mua.example"


def write_letter(
    title: str,
    name: str,
    author: str,
    subject: str,
    text: str,
    expected: Outcome,
    fields: Mapping[str, str] | None = None,
    *,
    quote_response: bool = False,
) -> Letter:
    """Return a message as an ordinary mail client writes it; `fields` add to or replace its own."""
    mail = write_mail(name, author, subject, text, fields or {})
    return Letter(
        title,
        letter_id(name),
        address_of(author),
        bytes(mail),
        expected,
        quote_response=quote_response,
    )


def write_mail(
    name: str, author: str, subject: str, text: str, fields: Mapping[str, str]
) -> EmailMessage:
    mail = EmailMessage(policy=SMTP)
    usual = {
        "From": author,
        "To": ADDRESS,
        "Subject": subject,
        "Date": now(),
        "Message-ID": f"<{letter_id(name)}>",
    }
    for field, value in {**usual, **fields}.items():
        mail[field] = value
    mail.set_content(text, cte="quoted-printable")
    return mail


def address_of(author: str) -> str:
    """Return what stands between the angle brackets."""
    return author.partition("<")[2].rstrip(">")


def now() -> str:
    """Return a Date field for a letter that is written now."""
    return format_datetime(datetime.now(UTC))
