"""Whoever has two silent conversations with us is asked for something once a day, not twice."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from maildaemon.domain.policy import Mode
from tests.service.shop import Shop, a_mail
from tests.service.simulated import answer as answered
from tests.service.simulated import first, live_through, policy_of
from tests.service.test_time_attacked import ACK, REMINDED, days
from tests.service.test_time_passes import CLARA, a_shop, customer_writes, letters

pytestmark = pytest.mark.sqlite


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Shop]:
    opened = a_shop(tmp_path)
    yield opened
    opened.close()


def two_conversations(shop: Shop, other: str = "Clara <Clara@customer.example>") -> None:
    """She asks about two things; both are answered in the same minute."""
    customer_writes(shop)
    text = "One of the earrings is broken. Can you repair it?"
    customer_writes(shop, body=text, sender=other, subject="Broken", message_id="c2@x.example")
    shop.wait(hours=1)
    for question in ("c1@customer.example", "c2@x.example"):
        raw = a_mail(
            "Yes. Which one?",
            sender="Anna <support@shop.example>",
            to=CLARA if question.startswith("c1") else other,
            message_id=f"to.{question}",
            In_Reply_To=f"<{question}>",
            date=shop.at,
        )
        shop.write(raw, "Sent")
    shop.round()


@pytest.mark.postgresql
def test_who_is_silent_in_two_conversations_is_reminded_on_two_days(shop: Shop) -> None:
    two_conversations(shop)
    days(shop, 3)
    assert letters(shop) == [ACK, REMINDED]

    shop.wait(hours=23)
    shop.round()
    assert letters(shop) == [ACK, REMINDED]

    shop.wait(hours=2)
    shop.round()
    assert letters(shop) == [ACK, REMINDED, ("Clara@customer.example", "follow_up")]


def test_another_customer_is_reminded_the_same_day(shop: Shop) -> None:
    two_conversations(shop, other="Dora <dora@customer.example>")
    days(shop, 3)

    assert letters(shop)[-2:] == [
        (CLARA, "follow_up"),
        ("dora@customer.example", "follow_up"),
    ]


def test_the_whole_ladder_of_both_goes_each_thing_on_a_day_of_its_own(shop: Shop) -> None:
    two_conversations(shop)
    days(shop, 14)

    at = [str(one[0])[:13] for one in shop.rows(_WHEN)]
    assert [what for _, what in letters(shop)] == [
        *("acknowledgement", "follow_up", "follow_up", "closing_soon", "closing_soon"),
        *("feedback", "feedback"),
    ]
    assert len(at) == len(set(at)) == 6


_WHEN = "select concluded_at from outbox where kind='timed' order by id"


def test_whatever_she_writes_meanwhile_calls_the_one_that_waits_back(shop: Shop) -> None:
    two_conversations(shop)
    days(shop, 3)
    customer_writes(
        shop,
        body="It is the left one.",
        In_Reply_To="<c1@customer.example>",
        message_id="c3@customer.example",
    )
    days(shop, 3)

    assert [what for _, what in letters(shop)].count("follow_up") == 1


def test_what_waited_for_its_day_is_not_too_late_by_that(shop: Shop) -> None:
    two_conversations(shop)
    days(shop, 3)
    shop.wait(days=1, hours=20)
    shop.round()

    assert [what for _, what in letters(shop)].count("follow_up") == 2
    assert "held" not in shop.outbox


def test_a_simulation_shows_them_on_the_same_days_as_it_will_be() -> None:
    other = {"message_id": "d0@customer.example", "subject": "Broken"}
    lived = live_through(
        replace(policy_of("jewellery"), mode=Mode.LIVE, modes=()),
        first("2026-11-02 09:00"),
        first("2026-11-02 09:30", "My necklace fell apart. Can it be repaired?", **other),
        answered("2026-11-02 10:00"),
        answered("2026-11-02 10:00", In_Reply_To="<d0@customer.example>"),
        until="2026-11-09 00:00",
    )

    reminded = [line for line in lived.letters() if " follow_up " in line]
    assert reminded == [
        "Thu 2026-11-05 10:00 follow_up to clara@customer.example",
        "Fri 2026-11-06 10:00 follow_up to clara@customer.example",
    ]
