"""Notices of failed delivery in free text: most mail servers have written such ones."""

import re
from itertools import takewhile

from maildaemon.domain.message import Message, ReportAction, ReportedRecipient
from maildaemon.mail.headers import clean

_MAX_LINES = 200
_MAX_LINE = 1_000
_MAX_DIAGNOSTIC = 500
_CONTEXT = 3

_SENDERS = (
    *("mailer-daemon", "mailerdaemon", "mail-daemon", "maildaemon", "mdaemon", "postmaster"),
    *("mail.delivery.system", "mail-delivery", "bounce", "mailadmin"),
)
_NAMES = ("mail delivery", "delivery subsystem", "delivery system", "mailer-daemon", "postmaster")
_SUBJECTS = re.compile(
    r"(?!(?:re|aw|fwd?|wg|rif|tr|rv|odp) ?:).{0,200}?(?:undeliver|non[- ]?deliver"
    r"|not (?:be )?delivered|failure notice|delivery (?:status|fail|notif|warn|has)"
    r"|deliver[a-z]* (?:problem|error)|mail fail|failed (?:mail|delivery)|returned mail"
    r"|returning message|message delayed|delivery.{0,20}delayed|could ?n.t be delivered"
    r"|error during delivery|rejected mail|non remis|unzustellbar|nicht zugestellt|mancata consegna"
    r"|no se (?:pudo|ha podido) entregar|não (?:foi )?entreg|niet (?:afgeleverd|bezorgd)"
    r"|недоставлен|не доставлен|не дійшло|nie dostarczon|zwrot|退信|配信不能)",
    re.IGNORECASE,
)

_TECHNICAL = re.compile(
    r"\bsmtp\b|rcpt to|mailbox unavailable|user unknown|unknown user|following recipients?\b"
    r"|non-delivery report|mail delivery (?:system|subsystem)|your message could not be delivered",
    re.IGNORECASE,
)

_FAILED = (
    *("could not be delivered", "cannot be delivered", "can not be delivered", "not be delivered"),
    *("unable to deliver", "able to deliver", "not delivered", "did not reach", "undeliverable"),
    *("delivery failed", "delivery has failed", "delivery to the following", "failed", "failure"),
    *("permanent", "unknown user", "user unknown", "unknown recipient", "recipient unknown"),
    *("no such user", "no such recipient", "does not exist", "mailbox unavailable", "not found"),
    *("invalid", "quota", "mailbox is full", "mailfolder is full", "mailbox full", "rejected"),
    *("not reach", "could not be reached", "could not deliver", "disabled", "delivery problems"),
    *("error", "aborted", "undelivered", "has been returned", "not a valid", "intended recipient"),
    *("nicht zugestellt", "unzustellbar", "unbekannter empfänger", "n'a pas pu", "pas pu être"),
    *("no pudo ser entregado", "no se pudo entregar", "no se ha podido", "non è stato possibile"),
    *("não pôde", "nao pode ser", "niet worden", "nie dostarczono", "nie można", "не может быть"),
    *("не удалось", "невозможно доставить", "не вдалося", "未送达", "无法", "無法"),
)
_DELAYED = (
    *("delayed", "not yet been delivered", "will be retried", "attempts will continue"),
    *(
        "continue to be made",
        "postponed",
        "warning message only",
        "only a warning",
        "just a warning",
    ),
    *("continue to attempt", "continue to try", "noch nicht zugestellt", "verzögert", "retardé"),
    *("retrasad", "in ritardo", "atrasad", "vertraagd", "opóźnion", "задержан", "затриман"),
)

# After such a line comes the returned mail; addresses in it are none of the failed ones.
_COPY = re.compile(
    r"(?:this|here|a|below this line|below the next line) (?:is a |)copy of"
    r"|.{0,20}original (?:message|mail)(?:$|:| (?:follows|attached|headers?|details))"
    r"|.{0,30}returned (?:mail|message)|.{0,30}message headers? follow|.{0,20}message text follows"
    r"|.{0,30}header of the |.{0,30}unsent message|your message reads|below this line"
    r"|.{0,20}copy of the (?:original|message)|included is a copy|.{0,20}attachment is a copy"
    r"|(?:received|return-path):\s|start of returned|mensaje original|ursprüngliche nachricht",
    re.IGNORECASE,
)
_ADDRESS = re.compile(r"[^\s<>\"',;:()\[\]*=|]{1,64}@[^\s<>\"',;:()\[\]*=|]{1,255}")
_SENT_BY = re.compile(r"(?<!generated )\b(?:from|by) +[^\s@]{1,64}@\S{1,255}", re.IGNORECASE)
_STATUS = re.compile(r"(?<![\d.])([245]\.\d{1,3}\.\d{1,3})(?![\d.])")
_HELPERS = ("contact", "assistance", "questions", "support@", "for help", "kontakt", "identifier")
_LABELS = ("to:", "cc:", "from:", "subject:", "date:", "sent:", "message-id", "reply-to:")
_NOBODY = ("postmaster@", "mailer-daemon@", "abuse@", "mailman")


def looks_like_notice(message: Message, text: str) -> bool:
    """Tell whether a message without a machine-readable report may still be one.

    A subject alone never says so: "delivery failed" is what the customers of a shop write.
    """
    if message.report_type == "disposition-notification":
        return False
    if message.field("x-failed-recipients"):
        return True
    sender = message.from_
    if sender is None or sender.local_part.lower().startswith(_SENDERS):
        return True
    if any(word in sender.name.lower() for word in _NAMES):
        return True
    if _SUBJECTS.match(message.subject) is None:
        return False
    unsigned = message.return_path == "" or bool(message.field("auto-submitted"))
    return unsigned or _TECHNICAL.search(text[: _MAX_LINE * 10]) is not None


def read_notice(message: Message, text: str) -> tuple[ReportedRecipient, ...]:
    """Return whom a notice names, as well as it can be told from its words."""
    lines = _own_lines(text)
    words = f"{message.subject} {' '.join(lines)}".lower()
    delayed = any(phrase in words for phrase in _DELAYED) and "permanent" not in words
    if not delayed and not any(phrase in words for phrase in _FAILED):
        return ()
    action = ReportAction.DELAYED if delayed else ReportAction.FAILED
    return tuple(
        ReportedRecipient(address, action, _status(lines, at), _diagnostic(lines, at))
        for address, at in _named(message, lines).items()
    )


def _own_lines(text: str) -> list[str]:
    """Return what the mail server wrote, without the mail it returns."""
    lines = [clean(line[:_MAX_LINE]) for line in text.split("\n", _MAX_LINES)[:_MAX_LINES]]
    first = next((at for at, line in enumerate(lines) if line), 0)
    bare = (line.strip("-=>*| ") for line in lines[first + 1 :])
    before = sum(1 for _ in takewhile(lambda line: not _COPY.match(line), bare))
    return lines[: first + 1 + before]


def _named(message: Message, lines: list[str]) -> dict[str, int]:
    """Return the addresses that failed, each with the line it stands in."""
    found: dict[str, int] = {}
    for value in message.field("x-failed-recipients"):
        found.update((address, 0) for address in _addresses(value))
    if found:
        return found
    ours = {address.key for address in (*message.to, *message.cc)}
    spare: dict[str, int] = {}
    for at, line in enumerate(lines):
        lower = line.lower()
        if lower.startswith(_LABELS) or any(word in lower for word in _HELPERS):
            continue
        for address in _addresses(_SENT_BY.sub(" ", line)):
            (spare if address.lower() in ours else found).setdefault(address, at)
    return found or spare or dict.fromkeys(_addresses(message.subject), 0)


def _addresses(line: str) -> list[str]:
    found = (address.partition("...")[0].strip(".!?{}") for address in _ADDRESS.findall(line))
    unique = dict.fromkeys(found)
    return [
        address for address in unique if "@" in address and not address.lower().startswith(_NOBODY)
    ]


def _status(lines: list[str], at: int) -> str | None:
    found = _STATUS.search(" ".join(lines[at : at + _CONTEXT]))
    return found[1] if found else None


def _diagnostic(lines: list[str], at: int) -> str | None:
    return " ".join(line for line in lines[at : at + _CONTEXT] if line)[:_MAX_DIAGNOSTIC] or None
