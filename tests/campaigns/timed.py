"""What the samples show of time: the mails that it brings, and a dated acknowledgement.

Nobody waits for days here: they are written by the same composer, from drafts as the daemon makes
them.
"""

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from email import message_from_bytes
from email.policy import default
from typing import Any
from zoneinfo import ZoneInfo

from maildaemon.adapters.templates import TemplateComposer
from maildaemon.domain.delivery import Draft, Section
from maildaemon.domain.message import Address
from maildaemon.domain.ratings import rating_links
from tests.campaigns.told import CONVERSATIONS, Conversation

_SUPPORT = "support@example.test"
_REFERENCE = "K7F3-Q2"
# A Friday evening in Rome.
_WROTE = datetime(2026, 11, 27, 18, 30, tzinfo=UTC)
_MONDAY = datetime(2026, 11, 30, 8, tzinfo=UTC)
_DAY = timedelta(days=1)
_LANGUAGES = tuple(one.language for one in CONVERSATIONS if one.spoken)
_COMPOSER = TemplateComposer(_LANGUAGES, "en")


@dataclass(frozen=True, slots=True)
class _Mail:
    """A mail of the samples: why it is sent, what it says, when, and its facts."""

    why: str
    section: Section
    at: datetime = _WROTE
    facts: dict[str, Any] = field(default_factory=dict)


_MAILS = (
    _Mail(
        "The acknowledgement, on a Friday evening",
        Section.ACKNOWLEDGEMENT,
        facts={"answer_by": _MONDAY + 2 * _DAY, "opens_at": _MONDAY},
    ),
    _Mail(
        "The acknowledgement of something urgent, by day",
        Section.ACKNOWLEDGEMENT,
        _MONDAY + timedelta(hours=2, minutes=30),
        {"answer_by": _MONDAY + timedelta(hours=14, minutes=30)},
    ),
    _Mail("`follow_up`: the customer is silent", Section.FOLLOW_UP, _MONDAY + 5 * _DAY),
    _Mail(
        "`closing_soon`: he still is",
        Section.CLOSING_SOON,
        _MONDAY + 9 * _DAY,
        {"until": _MONDAY + 14 * _DAY},
    ),
    _Mail("`update`: it takes longer", Section.UPDATE, _MONDAY + 7 * _DAY),
    _Mail(
        "`late`: a promise was not kept",
        Section.LATE,
        _MONDAY + 3 * _DAY,
        {"until": _MONDAY + 2 * _DAY},
    ),
    _Mail(
        "`escalated`: somebody else has it now",
        Section.ESCALATED,
        _MONDAY + 4 * _DAY,
        {"until": _MONDAY + 8 * _DAY},
    ),
    _Mail(
        "`feedback`: how it went",
        Section.FEEDBACK,
        _MONDAY + 21 * _DAY,
        {"ratings": rating_links(bytes(32), _SUPPORT, _REFERENCE, plus_address=False)},
    ),
)


def timed_mails(one: Conversation, shop: str) -> tuple[str, ...]:
    """Return the parts of a sample that show what time brings; nothing for a foreign language."""
    if not one.spoken:
        return ()
    draft = Draft(
        message_id="sample@example.test",
        date=_WROTE,
        sender=Address(shop, _SUPPORT),
        recipient=Address("", "customer@customer.example"),
        language=one.language,
        reference=_REFERENCE,
        sections=(Section.ACKNOWLEDGEMENT,),
        subject=None,
        in_reply_to=None,
        references=(),
        loop_token="sample",
        zone=ZoneInfo("Europe/Rome"),
    )
    shown = (_shown(draft, mail) for mail in _MAILS)
    html = _written(draft, _MAILS[-1])[2].strip()
    return ("## What time brings", *shown, f"### `feedback` in HTML\n\n```html\n{html}\n```")


def _shown(draft: Draft, mail: _Mail) -> str:
    subject, plain, _ = _written(draft, mail)
    text = "\n\n".join(part.replace(" \n", " ").strip() for part in plain.strip().split("\n\n"))
    return f"### {mail.why}\n\n```\nSubject: {subject}\n\n{text}\n```"


def _written(draft: Draft, mail: _Mail) -> tuple[str, str, str]:
    """Return subject, text and HTML."""
    draft = replace(draft, sections=(mail.section,), date=mail.at, **mail.facts)
    parsed = message_from_bytes(_COMPOSER.compose(draft), policy=default)
    parts = [part.get_content() for part in parsed.walk() if not part.is_multipart()]
    plain, html = (str(it).replace("\r\n", "\n") for it in parts)
    return str(parsed["Subject"]), plain, html
