"""Notices of failed delivery in free text: most mail servers have written such ones."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice

from maildaemon.domain.message import Message, ReportAction, ReportedRecipient
from maildaemon.mail import notice_words as words
from maildaemon.mail.headers import clean
from maildaemon.mail.returned import Returned
from maildaemon.mail.statuses import find_status, status_in_words

_MAX_LINES = 200
_MAX_LINE = 1_000
_MAX_DIAGNOSTIC = 500
_MAX_NAMED = 200
_CONTEXT = 3
_OPENING = 12

_PREFIX = re.compile(
    r"(?:re|aw|sv|vs|fwd?|wg|rif|tr|rv|odp|antw|ynt|ответ|отв|fw|vb|i|r|回复|转发|答复)[ \t]?[:：]",
    re.IGNORECASE,
)
_ADDRESS = re.compile(
    r"[A-Za-z0-9!#$%&'+?^_`{}~.-]{1,64}@(?:[A-Za-z0-9-]{1,63}\.){1,10}[A-Za-z][A-Za-z0-9-]{1,62}"
)
# RFC 6531 §3.3: an address may hold any letters; but in scripts without spaces others follow it.
_WIDE_ADDRESS = re.compile(r"[^\s<>\"',;:()\[\]*=|@]{1,64}@[^\s<>\"',;:()\[\]*=|@]{1,255}")
_REPLY_CODE = re.compile(r"(?<![\d.])5[0-5]\d[ #:-]")
_SENT_BY = re.compile(r"(?<!generated )\b(?:from|by) +<?[^\s@]{1,64}@\S{1,255}", re.IGNORECASE)
# An address that begins its line, perhaps after a bullet, is what the notice is about;
_AT_START = re.compile(r"[-\s*•·>|+\"'<(\[1-9.)]{0,20}$")
# so is one behind such a word.
_LABELLED = re.compile(
    r"(?:^|[^a-z])(?:recipients?|rcpt to|expanded from|generated from|for|was addressed,"
    r"|addressed to|address|unknown user|user unknown|undeliverable to|user|mailbox|account|userid"
    r"|deliver(?:ed)? (?:your |the )?(?:message |mail )?to|not be sent to|failed to|smtp"
    r"|empfänger|an|à|destinataire|destinatario|destinatário|ontvanger|odbiorca|адресат"
    r"|получател[ьюя]|收件人|收件者|到|至|宛先|수신자|받는 사람)"
    r"(?: address)?[ \t]?[:：=]?[ \t]{0,8}[<(\"'\[]{0,2}$",
    re.IGNORECASE,
)
# A word in a column of its own, below one of these.
_ROW = re.compile(r"\s{0,40}([^\W\d][\w.+-]{0,63})(?:\t|[ \u00a0]{2})")
_TITLES = ("following:", "recipient:", "recipients:", "recipient(s):", "address:", "addresses:")
_HELPERS = (
    *("contact", "assistance", "questions", "support@", "for help", "kontakt", "identifier"),
    *("contactez", "contattare", "póngase en contacto", "обратитесь", "helpdesk", "report this"),
)
_LABELS = ("cc:", "from:", "subject:", "date:", "sent:", "message-id", "reply-to:", "mail from:")
_NOBODY = ("postmaster@", "mailer-daemon@", "abuse@", "mailman", "noreply@", "no-reply@")


@dataclass(frozen=True, slots=True)
class _Named:
    """Addresses in lower case as written, each with the line it stands in, best first."""

    sure: dict[str, int]
    perhaps: dict[str, int]
    ours: dict[str, int]


def comes_from_server(message: Message) -> bool:
    """Tell whether a mail server wrote this, by who is named as its author."""
    sender = message.from_
    if sender is None:
        return False
    name = sender.name.lower()
    return sender.local_part.lower().startswith(words.SURE_SENDERS) or name.startswith(
        words.SURE_NAMES
    )


def looks_like_notice(message: Message, text: str) -> bool:
    """Tell whether a message without a machine-readable report may still be one.

    A subject alone never says so: "delivery failed" is what the customers of a shop write, and
    what parcel services write to them.
    """
    if message.field("x-failed-recipients") or comes_from_server(message):
        return True
    subject = message.subject.lower().replace("\u2019", "'")
    if not any(map(subject.__contains__, words.SUBJECTS)):
        return False
    head = text[: _MAX_LINE * 10].lower().replace("\u2019", "'")
    prefix = _PREFIX.match(subject)
    if prefix and subject[prefix.end() :].lstrip().startswith(words.SUBJECTS):
        return False  # somebody answers a report, or sends it on
    if _begins_as_notice(head, message):
        return True
    if prefix:
        return False
    local = message.from_.local_part.lower() if message.from_ else ""
    if local.startswith(words.POSTMASTERS):
        return True
    likely = not local or local.startswith(words.LIKELY_SENDERS)
    unsigned = message.return_path == "" or bool(message.field("auto-submitted"))
    # Some servers write the null reverse path so.
    unsigned = unsigned or (message.return_path or "").lower().startswith("mailer-daemon")
    return (likely or unsigned) and any(word in head for word in words.TECHNICAL)


def _begins_as_notice(head: str, message: Message) -> bool:
    """Tell whether the first line that says something is how a server begins, and whether
    somebody's address follows at once: a person may begin with the same words, and goes on.
    """
    lines = [" ".join(line.strip("*=-#> \t").split()) for line in head.split("\n", _MAX_LINES)]
    spoken = [line for line in lines[:_MAX_LINES] if line]
    if not spoken or not spoken[0].startswith(words.BEGINNINGS):
        return False
    own = {one.key for one in (*message.to, *message.cc, message.from_) if one is not None}
    near = (address for line in spoken[:_OPENING] for address in _addresses(line))
    return any(address not in own for address in near)


def read_notice(message: Message, text: str, returned: Returned) -> tuple[ReportedRecipient, ...]:
    """Return whom a notice names, as well as it can be told from its words."""
    lines = _own_lines(text)
    said = f"{message.subject} {' '.join(lines)}".lower().replace("\u2019", "'")
    action = _action(said)
    if action is None:
        return ()
    named = _choose(message, text, lines, returned)
    # What is said of one recipient may stand anywhere; of several, only near each.
    return tuple(
        ReportedRecipient(
            address,
            action,
            _status(lines, at, action, alone=len(named) == 1),
            _diagnostic(lines, at),
        )
        for address, at in list(named.items())[:_MAX_NAMED]
    )


def _action(said: str) -> ReportAction | None:
    late = any(phrase in said for phrase in words.DELAYED)
    if late and not any(phrase in said for phrase in words.FINAL):
        return ReportAction.DELAYED
    failed = any(phrase in said for phrase in words.FAILED) or _REPLY_CODE.search(said)
    return ReportAction.FAILED if failed else None


def _own_lines(text: str) -> list[str]:
    """Return what the mail server wrote, without the mail it returns."""
    split = text.split("\n", _MAX_LINES)[:_MAX_LINES]
    lines = [" ".join(clean(line[:_MAX_LINE]).split()) for line in split]
    first = next((at for at, line in enumerate(lines) if line), 0)
    for at, line in enumerate(lines[first + 1 :], first + 1):
        if _begins_copy(line):
            return lines[:at]
    return lines


def _begins_copy(line: str) -> bool:
    bare = line.strip("-=>*#_| ").lower()
    if bare.startswith(words.COPY_BEGINS):
        return "@" not in bare or ":" in bare.partition("@")[0]
    # "The following addresses did NOT receive a copy of your message:" is none, either.
    if "@" in bare or "not receive" in bare:
        return False
    return any(phrase in bare for phrase in words.COPY_WITHIN)


def _choose(message: Message, text: str, lines: list[str], returned: Returned) -> dict[str, int]:
    """Return the addresses that failed, each with the line it stands in.

    What stands in a place of its own counts before what stands within a sentence; there, and
    where nothing is named, the recipients of the returned mail tell.
    """
    stated = [one for value in message.field("x-failed-recipients") for one in _addresses(value)]
    if stated:
        return {one: _line_of(one, lines) for one in stated}
    if listed := _listed_names(message, text, lines):
        return listed
    named = _named(message, lines)
    if named.sure:
        return named.sure
    meant = {one: at for one, at in named.perhaps.items() if one.lower() in returned.to}
    if meant or not returned.to:
        chosen = meant or named.perhaps or _local_names(message, lines) or named.ours
    else:
        chosen = dict.fromkeys(returned.to, 0)
    return chosen or dict.fromkeys(_addresses(message.subject), 0)


def _line_of(address: str, lines: list[str]) -> int:
    return next((at for at, line in enumerate(lines) if address in line), 0)


def _named(message: Message, lines: list[str]) -> _Named:
    known = (*message.to, *message.cc, *((message.from_,) if message.from_ else ()))
    ours = {address.key for address in known}
    named = _Named({}, {}, {})
    for at, line in enumerate(lines):
        lower = line.lower()
        if lower.startswith(_LABELS) or any(word in lower for word in _HELPERS):
            continue
        readable = _SENT_BY.sub(" ", line)
        for address in _addresses(readable):
            if address.lower() in ours:
                named.ours.setdefault(address, at)
                continue
            before = readable[: readable.index(address)][-80:]
            sure = _AT_START.match(before) or (_LABELLED.search(before) and "to:" not in lower[:3])
            (named.sure if sure else named.perhaps).setdefault(address, at)
    return named


def _addresses(line: str) -> list[str]:
    found = (
        address.strip(".!?{}'`&")
        for address in _ADDRESS.findall(line) or _WIDE_ADDRESS.findall(line)
    )
    unique = dict.fromkeys(address.partition("...")[0] or address for address in found)
    return [
        address for address in unique if "@" in address and not address.lower().startswith(_NOBODY)
    ]


def _local_names(message: Message, lines: list[str]) -> dict[str, int]:
    """Return the users of a server that names its own without a domain: a word alone on the first
    line after "could not be delivered to the following recipients:".
    """
    for at in _lists(message, lines):
        if re.fullmatch(r"[\w.+-]{1,64}", lines[at]):
            return _at_home(lines[at], message, at)
    return {}


def _listed_names(message: Message, text: str, lines: list[str]) -> dict[str, int]:
    """Return the users whom such a list names in a column of their own, before what was wrong;
    whatever addresses follow in the explanation are but examples.
    """
    written = text.split("\n", _MAX_LINES)
    for at in _lists(message, lines):
        row = _ROW.match(written[at][:_MAX_LINE])
        end = next((n for n in range(at, len(lines)) if not lines[n]), len(lines))
        titled = next(one.lower() for one in reversed(lines[:at]) if one).endswith(_TITLES)
        if row and titled and not any("@" in line for line in lines[at:end]):
            return _at_home(row[1], message, at)
    return {}


def _lists(message: Message, lines: list[str]) -> Iterator[int]:
    """Yield where a mail server begins to list those whom it could not reach."""
    sender = message.from_
    if sender is None or not sender.domain or not comes_from_server(message):
        return
    for at, line in enumerate(lines):
        if line.endswith(":") and any(phrase in line.lower() for phrase in words.FAILED):
            yield from islice((n for n in range(at + 1, len(lines)) if lines[n]), 1)


def _at_home(user: str, message: Message, at: int) -> dict[str, int]:
    return {f"{user}@{message.from_.domain}": at} if message.from_ else {}


def _status(lines: list[str], at: int, action: ReportAction, *, alone: bool) -> str | None:
    near = " ".join(lines[at : at + _CONTEXT])
    whole = " ".join(lines) if alone else near
    coded = find_status(near) or find_status(whole)
    return coded or status_in_words(near, action) or status_in_words(whole, action)


def _diagnostic(lines: list[str], at: int) -> str | None:
    return " ".join(line for line in lines[at : at + _CONTEXT] if line)[:_MAX_DIAGNOSTIC] or None
