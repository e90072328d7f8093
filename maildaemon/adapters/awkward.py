"""Mails at their worst: what `check` writes, so that no customer is the first to need a line."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta, timezone

from maildaemon.domain.attachments import Reason
from maildaemon.domain.delivery import (
    RESPONSE,
    TIMED,
    Announcement,
    Contacts,
    Draft,
    Refusal,
    Section,
)
from maildaemon.domain.message import Address
from maildaemon.domain.understanding import Link

WORST = "{{ 7*7 }} {% raw %} </title><b>&amp;\"'\u202e\r\nBcc: x@y.example " + "è" * 300
_RATINGS = tuple(f"mailto:support@shop.example?body={it}&x=<'\">" for it in range(5))


def awkward_drafts(language: str, notices: tuple[str, ...] = ()) -> Iterator[Draft]:
    """Yield responses that use every part of the templates, with values at their worst."""
    acknowledgement = Draft(
        message_id="awkward@shop.example",
        date=datetime(2026, 1, 1, tzinfo=UTC),
        sender=Address(WORST, "support@shop.example"),
        recipient=Address(WORST, "anna@customer.example"),
        language=language,
        reference="K7F3-Q2",
        sections=(Section.ACKNOWLEDGEMENT,),
        subject=None,
        in_reply_to=WORST,
        references=(WORST,),
        loop_token="awkward",  # noqa: S106 - no secret
        thread_topic=WORST,
    )
    yield acknowledgement
    yield replace(
        acknowledgement,
        sender=Address("", "support@shop.example"),
        subject=WORST,
        slower=True,
        contacts=Contacts(WORST, WORST),
        privacy_url="https://shop.example/?a=%22%3E&b=<\"'>",
    )
    now = acknowledgement.date
    yield replace(
        acknowledgement,
        auto_submitted=None,
        contacts=Contacts("+39 06 1234567"),
        zone=timezone(timedelta(hours=-9, minutes=-30)),
        answer_by=now + timedelta(hours=20),
        opens_at=now + timedelta(hours=9, minutes=5),
    )
    missing = replace(
        acknowledgement, sections=(Section.MISSING_FACTS,), missing=("order_number", "photo")
    )
    yield missing
    last_day = date(2026, 1, 1)
    refused = replace(
        acknowledgement,
        sections=(Section.REFUSED_FILES,),
        refusals=(
            Refusal(None, Reason.MESSAGE_TOO_LARGE),
            *(Refusal(f"{WORST}.exe", reason) for reason in Reason),
        ),
        sender_known=True,
    )
    yield refused
    yield replace(
        refused,
        sections=RESPONSE,
        missing=("order_number", "photo", "question"),
        number_unknown=True,
        faq=(Link(WORST, "https://shop.example/?a=%22%3E&b=<'>"), Link("A", "https://a.example/")),
        notices=tuple(Announcement(it, last_day) for it in ("holiday", *notices)),
        refusals=refused.refusals * 30,
        accepted_types=("image/jpeg", "application/pdf", "application/x-{{ 7*7 }}"),
        max_file_size=10_000_000,
    )


def awkward_reminders(language: str, templates: tuple[str, ...] = ()) -> Iterator[Draft]:
    """Yield mails that time brings, one of each kind and of each of the shop's own `templates`."""
    draft = next(awkward_drafts(language))
    soon, ages = draft.date + timedelta(minutes=1), datetime(9999, 12, 30, tzinfo=UTC)
    for section in TIMED:
        timed = replace(draft, sections=(section,), auto_submitted="auto-generated")
        yield replace(timed, zone=timezone(timedelta(hours=14)))
        yield replace(timed, until=soon, answer_by=ages, ratings=_RATINGS, subject=WORST)
        yield replace(timed, until=ages, auto_submitted=None, contacts=Contacts(WORST, WORST))
    for template in templates:
        yield replace(draft, sections=(Section.FOLLOW_UP,), template=template)
