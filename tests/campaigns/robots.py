"""Programs that answer mail, well behaved and not: what an automatic mail must never feed.

Each makes letters of a mail that the SMTP server has accepted for it. What a letter holds besides is
new each time: its Message-ID, and where a robot varies them the number, the display name and the
detail of its address.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import SMTP, default
from itertools import count

from tests.campaigns.mails import SUPPORT
from tests.servers.sink import Accepted

_DETAIL = re.compile(r"\+[^@]*@")
# Enough for a loop that nobody stops to be seen as one.
_AT_MOST = 12
_NAMES = ("Help Desk", "Customer Care", "Do you read me?", "", "=?utf-8?q?Caf=C3=A9?=")


@dataclass(frozen=True, slots=True)
class Letter:
    """What a robot hands to the server; `sender` is its reverse path."""

    sender: str
    raw: bytes


@dataclass(frozen=True, slots=True)
class Heard:
    """An automatic mail as a robot reads it."""

    to: str
    message_id: str
    subject: str
    automatic: bool
    raw: bytes


Answering = Callable[[Heard, int], tuple[Letter, ...]]


@dataclass(frozen=True, slots=True)
class Robot:
    """A program that has a domain to itself."""

    name: str
    answer: Answering
    # Of what nobody can know for the same but by its address, the ceiling of the day is the end.
    disguised: bool = False

    @property
    def domain(self) -> str:
        return f"{self.name}.example"

    def address(self, number: int) -> str:
        return f"desk{number}@{self.domain}"


class Town:
    """Everybody who answers; `hear` returns what comes back for a mail."""

    def __init__(self) -> None:
        self._by_domain = {one.domain: one for one in ROBOTS}
        self._numbers = count(1)
        self.answered: dict[str, int] = {}

    def hear(self, mail: Accepted) -> tuple[Letter, ...]:
        """Return the letters that a mail brings about; none once a robot has written too many."""
        [to] = mail.rcpt_to
        robot = self._by_domain.get(to.rpartition("@")[2])
        person = base(to)
        if robot is None or self.answered.get(person, 0) >= _AT_MOST:
            return ()
        parsed = message_from_bytes(mail.raw, policy=default)
        heard = Heard(
            to,
            mail.message_id or "",
            str(parsed["Subject"]),
            str(parsed["Auto-Submitted"] or "no") != "no",
            mail.raw,
        )
        letters = robot.answer(heard, next(self._numbers))
        self.answered[person] = self.answered.get(person, 0) + len(letters)
        return letters


def base(address: str) -> str:
    """Return an address without its detail."""
    return _DETAIL.sub("@", address.lower())


def letter(
    author: str,
    number: int,
    subject: str,
    text: str,
    fields: Mapping[str, str] | None = None,
    *,
    name: str = "",
    sender: str | None = None,
) -> Letter:
    """Return a plain mail to us."""
    message = EmailMessage()
    message["From"] = f'"{name}" <{author}>' if name and not name.startswith("=?") else author
    message["To"] = SUPPORT
    message["Subject"] = subject
    message["Date"] = datetime.now(UTC)
    message["Message-ID"] = f"<robot.{number}@{author.rpartition('@')[2]}>"
    for field, value in (fields or {}).items():
        message[field] = value
    message.set_content(f"{text}\n")
    return Letter(author if sender is None else sender, message.as_bytes(policy=SMTP))


def _vacation(heard: Heard, number: int) -> tuple[Letter, ...]:
    """Answer as RFC 3834 wants it: no automatic mail, and with all that marks an answer."""
    return () if heard.automatic else _marked(heard, number)


def _marked(heard: Heard, number: int) -> tuple[Letter, ...]:
    """Answer everything, with all that marks an answer: what many vacation programs do."""
    fields = {
        "Auto-Submitted": "auto-replied (vacation)",
        "In-Reply-To": f"<{heard.message_id}>",
        "References": f"<{heard.message_id}>",
    }
    text = "I am away until Monday, and will read your mail then."
    return (letter(heard.to, number, f"Auto: {heard.subject}", text, fields, sender=""),)


def _bare(heard: Heard, number: int) -> tuple[Letter, ...]:
    """Answer everything, without one field that says so."""
    text = "Thank you for your message. We have received it and will come back to you."
    return (letter(heard.to, number, f"Re: {heard.subject}", text),)


def _bounce(heard: Heard, number: int) -> tuple[Letter, ...]:
    """Return everything, with an RFC 3464 report."""
    report = EmailMessage()
    report["From"] = f"MAILER-DAEMON@{heard.to.rpartition('@')[2]}"
    report["To"] = SUPPORT
    report["Subject"] = "Undelivered Mail Returned to Sender"
    report["Date"] = datetime.now(UTC)
    report["Message-ID"] = f"<bounce.{number}@{heard.to.rpartition('@')[2]}>"
    original = heard.raw.partition(b"\r\n\r\n")[0].decode("ascii", "replace")
    body = "\r\n".join(
        (
            *("--=_b", "Content-Type: text/plain", "", f"No such user: {heard.to}"),
            *("--=_b", "Content-Type: message/delivery-status", ""),
            *("Reporting-MTA: dns; mx.example", "", f"Final-Recipient: rfc822; {heard.to}"),
            *("Action: failed", "Status: 5.1.1", ""),
            *("--=_b", "Content-Type: text/rfc822-headers", "", original, "", "--=_b--", ""),
        )
    )
    head = report.as_bytes(policy=SMTP).rstrip(b"\r\n")
    kind = 'multipart/report; report-type=delivery-status; boundary="=_b"'
    mime = f"\r\nMIME-Version: 1.0\r\nContent-Type: {kind}\r\n\r\n"
    return (Letter("", head + mime.encode() + body.encode()),)


def _told_bounce(heard: Heard, number: int) -> tuple[Letter, ...]:
    """Return everything in words alone, from an address like anybody's."""
    text = (
        f"Hi. This is the mail program at {heard.to.rpartition('@')[2]}. I'm afraid I wasn't able to "
        f"deliver your message to the following addresses.\n\n<{heard.to}>:\nSorry, no mailbox here "
        f"by that name.\n\n--- Below this line is a copy of the message.\n\n"
        + heard.raw.decode("ascii", "replace")[:2000]
    )
    return (letter(heard.to, number, "failure notice", text),)


def _ticket(heard: Heard, number: int) -> tuple[Letter, ...]:
    """Open a ticket for everything: a number of its own before the subject, and no reference."""
    subject = f"[Ticket {4000 + number}] {heard.subject}"
    text = f"Your request was received. Its number is {4000 + number}. Please do not answer twice."
    return (letter(heard.to, number, subject, text, {"X-Ticket": str(number)}, name="Bots Ltd"),)


def _disguised(heard: Heard, number: int) -> tuple[Letter, ...]:
    """Answer everything under another name, another detail, another subject and other words."""
    local, _, domain = base(heard.to).partition("@")
    words = " ".join(f"w{number}x{place}" for place in range(3))
    text = f"{_TEXTS[number % len(_TEXTS)]} {words}"
    author, name = f"{local}+{number}@{domain}", _NAMES[number % len(_NAMES)]
    return (letter(author, number, _SUBJECTS[number % len(_SUBJECTS)], text, name=name),)


_SUBJECTS = ("We are on it", "Noted", "About your mail", "News from the desk", "Case opened")
_TEXTS = (
    "An agent has been assigned and looks into what you wrote.",
    "Everything was forwarded to the department which handles such things.",
    "Opening hours are nine to five; nobody reads this before tomorrow.",
    "Good day, this confirms that something of yours is lying on our table.",
    "The queue is long today. Patience is appreciated by all of us here.",
)


def _both(heard: Heard, number: int) -> tuple[Letter, ...]:
    """Two programs behind one address: one opens tickets, the other answers in disguise."""
    return (*_ticket(heard, number), *_disguised(heard, number + 100_000))


ROBOTS = (
    Robot("vacation", _vacation),
    Robot("marked", _marked),
    Robot("bare", _bare),
    Robot("bounce", _bounce),
    Robot("told-bounce", _told_bounce),
    Robot("ticket", _ticket),
    Robot("disguised", _disguised, disguised=True),
    Robot("both", _both, disguised=True),
)
