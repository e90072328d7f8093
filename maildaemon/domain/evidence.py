"""What shows that a machine wrote a message (RFC 3834, RFC 5230): signs, each with its proof.

All of it is collected, not only the first hit; what follows from it is decided in `automatic`.
"""

import re
from dataclasses import dataclass

from maildaemon.domain.fields import plain
from maildaemon.domain.marks import CAMPAIGN_FIELDS, FIELDS, SPAM_FIELDS, VALUES, Sign
from maildaemon.domain.message import Address, Message
from maildaemon.domain.phrases import (
    BOUNCE_SUBJECTS,
    BOUNCES,
    IS_AWAY,
    NO_REPLY,
    OUT_OF_OFFICE,
    READ_SUBJECTS,
    READ_TEXTS,
    RECEIVED,
    THANKS,
)


@dataclass(frozen=True, slots=True)
class Evidence:
    """One piece of evidence; `proof` is the field or word that shows it, or empty."""

    sign: Sign
    proof: str = ""

    def __str__(self) -> str:
        """Return it as it is recorded: `list: list-id`."""
        return f"{self.sign}: {self.proof}" if self.proof else self.sign.value


_NO = frozenset({"", "no", "none", "false", "0"})

_BOUNCERS = ("mailer-daemon", "mailerdaemon")
_PROGRAMS = frozenset(
    "listserv majordomo nobody autoreply autoresponder automailer postmaster bounce root daemon "
    "www-data apache httpd nginx cron anonymous wordpress".replace("-", "").split()
)
_NOBODY_STARTS = ("bounce-", "bounce+", "bounce.", "bounces", "owner-")
_NOBODY_ENDS = ("-bounce", "-bounces", "-request", "-owner")

# What may follow the phrase of a responder: the end, or a mark before the subject it answers.
_ENDS = re.compile(
    r"\W*$|\s*[:：\]）)>|/.!…–—*\"'»“”】」-]"
    r"|\s+(?:(?:re|aw|until|bis|till|from|autoreply|to your)\b|to:|[(\[])"
)
# `[EXTERNAL]` and `***SPAM***` stand before, put there by servers on the way.
_TAG = re.compile(
    r"\s*(?:\[[^\]]{1,20}\]|\*{2,5}[^*]{1,20}\*{2,5}|\{[^}]{1,20}\}|(?:ext(?:ern(?:al)?)?|auto):)\s*"
)
_OUR_TAG = re.compile(r"\[#[0-9a-z]{4}-[0-9a-z]{2}\]")
_CONFIRMATIONS = (*RECEIVED, *THANKS)
_OPENERS = " \t[(*\"'«„“【「-"
_READ_AT_MOST = 2_000
# A return path made for one recipient, whom it names (VERP), or for one mail of many.
_VERP = re.compile(
    r"(?:bounces?|returns?|owner|sentto|msprvs\d?|verp|news|b)[-+_.=].{0,200}[\d=]", re.IGNORECASE
)


def collect(message: Message, author: Address | None) -> tuple[Evidence, ...]:
    """Return what the message itself shows; `author` is who is taken for its writer."""
    found = [
        *_returned(message),
        *_reports(message),
        *_automatic(message),
        *_marked(message),
        *_author(author),
        *_spam(message),
    ]
    if any(one.sign in {Sign.LIST, Sign.BULK} for one in found):
        found += _campaign(message)
    return tuple(found)


def _returned(message: Message) -> list[Evidence]:
    """RFC 5321 §4.5.5: only programs write with a null reverse path; some servers name it so."""
    if message.return_path == "":
        return [Evidence(Sign.NULL_REVERSE_PATH)]
    if (message.return_path or "").lower().startswith(_BOUNCERS):
        return [Evidence(Sign.NULL_REVERSE_PATH, "mailer-daemon")]
    return []


def _campaign(message: Message) -> list[Evidence]:
    found = [Evidence(Sign.BULK, name) for name in CAMPAIGN_FIELDS if _says(message, name)]
    if _VERP.match((message.return_path or "").rpartition("@")[0]):
        found.append(Evidence(Sign.BULK, "return-path"))
    return found


def auto_submitted(message: Message) -> str | None:
    """Return the RFC 3834 §5 keyword in lower case, without parameters; None if it says `no`."""
    for value in message.field("auto-submitted"):
        keyword = plain(value).partition(";")[0].strip().lower()
        if keyword and keyword != "no":
            return keyword
    return None


def list_id(message: Message) -> str | None:
    """Return by what a mailing list calls itself (RFC 2919 §2), None if it does not."""
    for name in ("list-id", "x-mailing-list", "x-beenthere", "list-post", "mailing-list"):
        for value in message.field(name):
            named = value.rpartition("<")[2].partition(">")[0] if "<" in value else value
            if word := named.strip().lower().removeprefix("mailto:"):
                return f"list:{word}"[:200]
    return None


def is_nobody(address: Address | None) -> bool:
    """Tell whether nobody reads what is sent to this address (RFC 5230 §4.6)."""
    if address is None:
        return False
    local = address.local_part.lower()
    if local.startswith((*_BOUNCERS, *_NOBODY_STARTS)) or local.endswith(_NOBODY_ENDS):
        return True
    words = local.replace("_", "-").replace(".", "-").replace("+", "-").split("-")
    # `orders.no-reply+7` has the words of `noreply` side by side.
    runs = [
        "".join(words[start : start + size]) for start in range(len(words)) for size in (1, 2, 3)
    ]
    if any(run.startswith(NO_REPLY) for run in runs):
        return True
    return local.replace("-", "") in _PROGRAMS


def _reports(message: Message) -> list[Evidence]:
    found = []
    if message.content_type == "multipart/report" or message.report_type:
        found.append(Evidence(Sign.REPORT, message.report_type or "multipart/report"))
    elif message.bounce is not None:
        found.append(Evidence(Sign.REPORT, "text"))
    if who := _bouncer(message):
        found.append(Evidence(Sign.BOUNCER, who))
    if _answers_invitation(message):
        found.append(Evidence(Sign.CALENDAR_REPLY, "text/calendar"))
    if phrase := _read_receipt(message):
        found.append(Evidence(Sign.READ_RECEIPT, phrase))
    return found


def _bouncer(message: Message) -> str:
    local = message.from_.local_part.lower() if message.from_ else ""
    subject = message.subject.strip().lower()
    if local.startswith(_BOUNCERS):
        return local
    # A postmaster may be a person.
    if local == "postmaster" and (
        message.return_path == "" or any(map(subject.__contains__, BOUNCE_SUBJECTS))
    ):
        return local
    return subject if subject in BOUNCES else ""


def _answers_invitation(message: Message) -> bool:
    # RFC 5546 §3.2.3: a calendar answers an invitation by itself, beside a text or instead of it.
    types = [plain(value).lower().replace(" ", "") for value in message.field("content-type")]
    alone = any(one.startswith("text/calendar") and "method=reply" in one for one in types)
    return alone or any("calendar_reply" in file.findings for file in message.attachments)


def _read_receipt(message: Message) -> str:
    """Return how a receipt begins that is no RFC 8098 report: its text must say so, too."""
    subject = message.subject.strip().lower()
    phrase = _opening(subject, READ_SUBJECTS)
    text = message.text[:_READ_AT_MOST].lower() if phrase else ""
    return phrase if text and any(map(text.__contains__, READ_TEXTS)) else ""


def _automatic(message: Message) -> list[Evidence]:
    found = []
    if keyword := auto_submitted(message):
        found.append(Evidence(Sign.AUTO_SUBMITTED, keyword))
    mailboxes = [value.strip(" <>").lower() for value in message.field("delivered-to")]
    if any(one.partition("@")[0] == "autoresponder" for one in mailboxes):
        found.append(Evidence(Sign.RESPONDER, "delivered-to autoresponder"))
    suppressed = _says(message, "x-auto-response-suppress")
    # A rule of Exchange that sends a person's mail on adds the first alone.
    if suppressed and _says(message, "x-ms-exchange-inbox-rules-loop"):
        found.append(Evidence(Sign.RESPONDER, "x-ms-exchange-inbox-rules-loop"))
    if phrase := out_of_office(message.subject):
        found.append(Evidence(Sign.OUT_OF_OFFICE, phrase))
    elif phrase := _acknowledgement(message):
        found.append(Evidence(Sign.ACKNOWLEDGEMENT, phrase))
    return found


def _marked(message: Message) -> list[Evidence]:
    """Return what the fields of the two tables say, in the order of the header."""
    found: dict[Evidence, None] = {}
    for name, value in message.fields:
        if name in VALUES:
            word = _first_word(value)
            if sign := VALUES[name].get(word):
                found[Evidence(sign, f"{name} {word}")] = None
        # RFC 2369, RFC 2919: only what distributes mail to many writes these, be it
        # `List-Post: NO`.
        elif name.startswith("list-") and value.strip():
            found[Evidence(Sign.LIST, name)] = None
        elif name in FIELDS and value.strip().lower() not in _NO:
            found[Evidence(FIELDS[name], name)] = None
    return list(found)


def _first_word(value: str) -> str:
    return (plain(value).replace(";", " ").split() or [""])[0].lower()


def _author(author: Address | None) -> list[Evidence]:
    return [Evidence(Sign.NOBODY, author.local_part)] if author and is_nobody(author) else []


def _spam(message: Message) -> list[Evidence]:
    return [
        Evidence(Sign.SPAM, name)
        for name in SPAM_FIELDS
        if any(value.strip().lower().startswith(("yes", "true")) for value in message.field(name))
    ]


def _says(message: Message, name: str) -> bool:
    """Tell whether a field is there and does not say no."""
    return any(value.strip().lower() not in _NO for value in message.field(name))


def out_of_office(subject: str) -> str:
    """Return the phrase by which the subject is known for a responder's, or nothing.

    Only at the start: customers, too, are "on holiday" and "out of the office", and say so.
    """
    start = subject.lower().replace("\u2019", "'")
    for _ in range(3):
        phrase = _begins(start.lstrip(_OPENERS), OUT_OF_OFFICE)
        if phrase:
            return phrase
        tag = _TAG.match(start)
        if tag is None:
            break
        start = start[tag.end() :]
    return _is_away(start)


def _opening(text: str, phrases: tuple[str, ...]) -> str:
    """Return the first of the phrases with which a text begins, or nothing."""
    return next(filter(text.startswith, phrases)) if text.startswith(phrases) else ""


def _begins(start: str, phrases: tuple[str, ...]) -> str:
    """Return the phrase that stands at the start, and before a mark or the end."""
    if not start.startswith(phrases):
        return ""
    found = (one for one in phrases if start.startswith(one))
    ends = (one for one in found if one[-1] in ":：" or _ENDS.match(start[len(one) :]))
    return next(ends, "")


def _is_away(start: str) -> str:
    """Return the words of Lotus Notes: `AUTO: Anna is out of the office (returning 12/01)`."""
    for phrase in filter(start.__contains__, IS_AWAY):
        before, _, after = start.partition(phrase)
        rest = after.strip(" .!")
        short = 0 < len(before.split()) <= 5 and "," not in before  # noqa: PLR2004
        if short and (not rest or rest.startswith("(")):
            return phrase
    return ""


def _acknowledgement(message: Message) -> str:
    """Return how a help desk confirms what it got. Where a person may say the same, only if it
    answers a mail, and not one of ours: its subject may come back without a `Re:`.
    """
    start = message.subject.lower().replace("\u2019", "'").strip()
    answers = message.in_reply_to and not _OUR_TAG.search(start)
    return _opening(start, _CONFIRMATIONS if answers else RECEIVED)
