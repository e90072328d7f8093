"""What colleagues read when something is due."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from maildaemon.domain.delivery import Note
from maildaemon.domain.letters import Occasion, staff_letter
from maildaemon.domain.message import Address
from maildaemon.domain.timers import TimerKind
from maildaemon.domain.understanding import Matter, Priority
from maildaemon.mail.compose_note import compose_note

NOW = datetime(2026, 12, 3, 3, tzinfo=UTC)
WAITING = Occasion(
    kind=TimerKind.WARNING,
    reference="K7F3-Q2",
    customer="clara@customer.example",
    subject="Broken clasp",
    matter=Matter(category="shipping", priority=Priority.URGENT),
    since=datetime(2026, 12, 1, 8, tzinfo=UTC),
    until=datetime(2026, 12, 3, 8, tzinfo=UTC),
    zone=ZoneInfo("Europe/Rome"),
    mailbox="support@shop.example",
    now=NOW,
)
TO_STAFF = (
    TimerKind.WARNING,
    TimerKind.LATE,
    TimerKind.UPDATE,
    TimerKind.RESOLUTION,
    TimerKind.ESCALATION,
    TimerKind.UNANSWERED,
)


def test_a_warning_says_who_waits_since_when_until_when_and_what_stops_it() -> None:
    subject, text = staff_letter(WAITING)

    assert subject == "[#K7F3-Q2] A promise is at risk: Broken clasp"
    assert text == (
        "A customer waits for our answer, and the time that we promised runs out.\n\n"
        "Customer: clara@customer.example\n"
        "Subject: Broken clasp\n"
        "Waiting since: Tuesday, 1 December 2026, 09:00 (Europe/Rome), 1 day 19 hours ago\n"
        "Promised by: Thursday, 3 December 2026, 09:00 (Europe/Rome), in 5 hours\n"
        "Category: shipping\n"
        "Priority: urgent\n"
        "Reference: K7F3-Q2\n\n"
        "Just answer the customer, in the message itself, with the mail program you always use.\n\n"
        "Your answer is seen in the sent mail of support@shop.example, and stops the clock. "
        "Nothing else is needed; an answer to this mail reaches no customer.\n\n"
        "To find it: search support@shop.example for clara@customer.example, or "
        "maildaemon threads show K7F3-Q2"
    )


@pytest.mark.parametrize("kind", TO_STAFF)
def test_every_letter_says_what_it_is_about_in_its_first_words(kind: TimerKind) -> None:
    others = [staff_letter(replace(WAITING, kind=it)) for it in TO_STAFF if it is not kind]
    subject, text = staff_letter(replace(WAITING, kind=kind))

    assert subject not in {it for it, _ in others}
    assert text.split("\n\n")[0] not in {it.split("\n\n")[0] for _, it in others}
    assert "stops the clock" in text
    assert len(text.split()) < 110


def test_what_is_settled_already_takes_one_command() -> None:
    _, text = staff_letter(replace(WAITING, kind=TimerKind.RESOLUTION, until=None))

    assert "Open since: Tuesday" in text
    assert "\n\nmaildaemon threads resolve K7F3-Q2\n\n" in text
    assert "by:" not in text


@pytest.mark.parametrize(
    ("ahead", "told"),
    [
        (timedelta(), "now"),
        (timedelta(seconds=-59), "now"),
        (timedelta(minutes=1), "in 1 minute"),
        (timedelta(minutes=-90), "1 hour 30 minutes ago"),
        (timedelta(hours=24), "in 1 day"),
        (timedelta(days=-3, minutes=-5), "3 days ago"),
        (timedelta(days=400, hours=1, minutes=1), "in 400 days 1 hour"),
    ],
)
def test_a_time_is_told_as_people_say_it(ahead: timedelta, told: str) -> None:
    _, text = staff_letter(replace(WAITING, until=NOW + ahead))

    line = next(it for it in text.splitlines() if it.startswith("Promised by: "))
    assert line.endswith(f"(Europe/Rome), {told}")


@pytest.mark.parametrize("kind", TO_STAFF)
def test_what_a_customer_wrote_gives_neither_lines_nor_header_fields(kind: TimerKind) -> None:
    nasty = "Hi\r\nBcc: x@y.example\n\nWaiting since: never\u2028\x00 {reference} " + "é" * 400
    occasion = replace(WAITING, kind=kind, subject=nasty, matter=Matter(category="a\nb: c"))

    subject, text = staff_letter(occasion)
    raw = compose_note(
        Note(
            message_id="md.abc.def@shop.example",
            date=NOW,
            sender=Address("A Shop", "support@shop.example"),
            recipient=Address("", "anna@shop.example"),
            subject=subject,
            text=text,
            loop_token="md.abc.def",
            auto_submitted="auto-generated",
        )
    )

    assert "\nBcc:" not in text
    assert text.count("\nWaiting since: ") <= 1
    assert b"\nBcc:" not in raw


def test_nobody_and_nothing_known_is_left_out() -> None:
    subject, text = staff_letter(
        replace(WAITING, customer="", subject=" ", matter=Matter(), until=None)
    )

    assert subject.endswith(": no subject")
    assert [it.partition(":")[0] for it in text.split("\n\n")[1].splitlines()] == [
        "Waiting since",
        "Priority",
        "Reference",
    ]
    assert text.endswith("To find it: maildaemon threads show K7F3-Q2")


def test_what_is_promised_until_midnight_is_named_as_the_customer_was_told() -> None:
    midnight = datetime(2026, 12, 2, 0, tzinfo=WAITING.zone)
    _, text = staff_letter(replace(WAITING, until=midnight))

    assert "Tuesday, 1 December 2026, 24:00 (Europe/Rome)" in text
