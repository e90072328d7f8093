"""What a timer that is due leads to, and why its customer gets nothing."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from maildaemon.domain.automatic import Silence
from maildaemon.domain.decide_timer import (
    KeepSilent,
    TellStaff,
    TimerContext,
    WriteCustomer,
    decide_timer,
)
from maildaemon.domain.delivery import Section
from maildaemon.domain.message import Address
from maildaemon.domain.timers import Timer, TimerKind
from tests.builders import ANNA, CLARA, HOUR, NOW, a_policy

MOMENT = timedelta(microseconds=1)
HOW = Timer("feedback", TimerKind.FEEDBACK, NOW - 24 * HOUR, NOW, ())
WARNING = Timer("warning", TimerKind.WARNING, NOW - 24 * HOUR, NOW, ())


def around(**known: Any) -> TimerContext:
    answered = TimerContext(a_policy(), NOW, customer=CLARA, spoken_to=True, language="it")
    return replace(answered, **known)


def test_who_has_had_an_answer_is_asked_how_it_went_in_his_language() -> None:
    assert decide_timer(HOW, around()) == (WriteCustomer(Section.FEEDBACK, CLARA, "it"),)
    assert decide_timer(HOW, around(language="fr")) == (
        WriteCustomer(Section.FEEDBACK, CLARA, "en"),
    )


@pytest.mark.parametrize(
    ("known", "reason"),
    [
        ({"junked": True}, Silence.SPAM),
        ({"customer": None}, Silence.NOTHING_TO_SAY),
        ({"spoken_to": False}, Silence.NOTHING_TO_SAY),
        ({"customer": Address("", '"a b"@x.example')}, Silence.ADDRESS_UNDELIVERABLE),
        ({"undeliverable_until": NOW + MOMENT}, Silence.ADDRESS_UNDELIVERABLE),
        ({"muted_until": NOW + MOMENT}, Silence.MUTED),
        ({"sender_muted_until": NOW + MOMENT}, Silence.MUTED),
    ],
)
def test_why_a_customer_gets_nothing_by_a_timer(known: dict[str, Any], reason: Silence) -> None:
    assert decide_timer(HOW, around(**known)) == (KeepSilent(reason),)


@pytest.mark.parametrize("what", ["undeliverable_until", "muted_until", "sender_muted_until"])
def test_what_keeps_a_customer_from_getting_mail_ends_by_itself(what: str) -> None:
    assert isinstance(decide_timer(HOW, around(**{what: NOW}))[0], WriteCustomer)


@pytest.mark.parametrize(
    ("assigned", "told"),
    [
        ("berta@shop.example", ("berta@shop.example",)),
        (None, (ANNA.key,)),
        ("no address", (ANNA.key,)),
    ],
)
def test_whoever_looks_after_a_conversation_is_told_else_those_who_are_meant_to_be(
    assigned: str | None, told: tuple[str, ...]
) -> None:
    assert decide_timer(WARNING, around(assigned_to=assigned)) == (TellStaff(told),)


@pytest.mark.parametrize(
    ("promised_at", "warned"), [(NOW + MOMENT, True), (NOW, False), (NOW - HOUR, False)]
)
def test_nobody_is_warned_of_a_promise_that_is_broken_already(
    promised_at: datetime, warned: bool
) -> None:
    decided = decide_timer(replace(WARNING, promised_at=promised_at), around())

    assert decided == ((TellStaff((ANNA.key,), promised_at),) if warned else ())
