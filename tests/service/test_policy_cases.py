"""The policy of a shop as a table of cases: who gets what, and when."""

import pytest

from maildaemon.domain.timeline import Event
from tests.service.simulated import (
    CLARA,
    LEAD,
    SENIOR,
    Letter,
    Lived,
    answer,
    customer,
    first,
    live_through,
    policy_of,
)

# What is simulated is kept in memory, whatever database the shop has.
pytestmark = pytest.mark.sqlite

JEWELLERY = policy_of("jewellery")
BROKEN = "My order EJ-123456 arrived damaged, the clasp is broken. What can be done about it?"
COMPLAINT = "This is a complaint: nobody has told me anything for weeks. What happens now?"
THANKED = f"acknowledgement+faq to {CLARA}"


def lived(*letters: Letter, until: str | None = None) -> Lived:
    return live_through(JEWELLERY, *letters, until=until)


def test_written_on_friday_at_five_it_is_answered_by_tuesday_at_five() -> None:
    shop = lived(first("2026-11-20 17:00"), until="2026-11-25 00:00")

    assert shop.letters() == [
        f"Fri 2026-11-20 17:00 {THANKED}",
        "Mon 2026-11-23 17:00 warning to staff",
        "Tue 2026-11-24 17:00 late to staff",
    ]


def test_an_answer_in_time_leaves_nothing_to_warn_of() -> None:
    shop = lived(first("2026-11-20 17:00"), answer("2026-11-23 16:59"), until="2026-11-24 18:00")

    assert shop.letters() == [f"Fri 2026-11-20 17:00 {THANKED}"]
    assert shop.events(Event.TIMER_CANCELLED) == [
        "Mon 2026-11-23 16:59 timer_cancelled warning staff_answered",
        "Mon 2026-11-23 16:59 timer_cancelled late staff_answered",
        "Mon 2026-11-23 16:59 timer_cancelled update staff_answered",
    ]


def test_something_urgent_on_a_saturday_begins_to_count_on_monday_at_midnight() -> None:
    shop = lived(first("2026-12-05 14:00", BROKEN), until="2026-12-07 18:00")

    assert shop.letters() == [
        f"Sat 2026-12-05 14:00 acknowledgement+missing_facts+faq to {CLARA}",
        "Mon 2026-12-07 08:00 warning to staff",
        "Mon 2026-12-07 12:00 late to staff",
    ]


def test_over_a_holiday_no_time_passes() -> None:
    # Thursday is Thanksgiving.
    shop = lived(first("2026-11-25 17:00"), until="2026-11-30 23:00")

    assert shop.events(Event.STAFF_WARNED) == [
        "Fri 2026-11-27 17:00 staff_warned warning warning",
        "Mon 2026-11-30 17:00 staff_warned late late",
    ]


def test_on_the_monday_after_a_holiday_the_clock_goes_on() -> None:
    # Friday is Christmas: a mail of Friday waits for Monday.
    shop = lived(first("2026-12-25 10:00", BROKEN), until="2026-12-29 00:00")

    assert shop.events(Event.STAFF_WARNED) == [
        "Mon 2026-12-28 08:00 staff_warned warning warning",
        "Mon 2026-12-28 12:00 staff_warned late late",
    ]


def test_in_the_night_in_which_the_clock_is_set_back_a_reminder_keeps_its_hour() -> None:
    # 2026-11-01 at two in the morning.
    shop = lived(first("2026-10-29 15:00"), answer("2026-10-29 16:30"), until="2026-11-04 00:00")

    assert shop.letters()[1:] == [f"Tue 2026-11-03 16:30 follow_up to {CLARA}"]


def test_in_the_night_in_which_the_clock_is_set_forward_a_promise_keeps_its_hour() -> None:
    # 2027-03-14 at two in the morning.
    shop = lived(first("2027-03-12 17:00"), until="2027-03-17 00:00")

    assert shop.events(Event.PROMISE_BROKEN) == ["Tue 2027-03-16 17:00 promise_broken late"]


def test_a_complaint_that_nobody_answers_goes_to_the_lead() -> None:
    shop = lived(first("2026-12-01 09:00", COMPLAINT), until="2026-12-04 00:00")

    assert shop.letters()[1:] == [
        "Tue 2026-12-01 21:00 warning to staff",
        "Wed 2026-12-02 09:00 late to staff",
        "Thu 2026-12-03 09:00 resolution to staff",
        f"Thu 2026-12-03 09:00 escalation to {LEAD}",
    ]


def test_a_complaint_that_is_not_settled_by_our_answer_goes_to_somebody_senior() -> None:
    shop = lived(
        first("2026-12-01 09:00", COMPLAINT),
        answer("2026-12-01 15:00"),
        customer("2026-12-02 10:00", "No. That does not help me at all. What about my money?"),
        until="2026-12-02 20:00",
    )

    assert shop.letters()[1:] == [
        f"Wed 2026-12-02 10:00 escalation to {SENIOR}",
        f"Wed 2026-12-02 10:00 escalated to {CLARA}",
    ]


def test_who_is_senior_is_reminded_if_he_does_not_answer_in_time() -> None:
    shop = lived(
        first("2026-12-01 09:00", COMPLAINT),
        answer("2026-12-01 15:00"),
        customer("2026-12-02 10:00", "No. That does not help me at all. What about my money?"),
        until="2026-12-04 11:00",
    )

    assert f"Fri 2026-12-04 10:00 unanswered to {SENIOR}" in shop.letters()


def test_a_silent_customer_is_reminded_told_that_it_ends_and_then_it_is_settled() -> None:
    shop = lived(first("2026-12-01 09:00"), answer("2026-12-01 15:00"))

    assert shop.letters()[1:] == [
        f"Fri 2026-12-04 15:00 follow_up to {CLARA}",
        f"Thu 2026-12-10 15:00 closing_soon to {CLARA}",
        f"Wed 2026-12-16 15:00 feedback to {CLARA}",
    ]
    assert shop.events(Event.THREAD_RESOLVED) == ["Tue 2026-12-15 15:00 thread_resolved resolve"]
    assert shop.status == "resolved"


def test_an_answer_one_second_before_the_reminder_puts_it_off() -> None:
    shop = lived(
        first("2026-12-01 09:00"),
        answer("2026-12-01 15:00"),
        answer("2026-12-04 14:59:59", "It has just been delivered. Is all well?"),
        until="2026-12-09 23:00",
    )

    assert shop.letters()[1:] == [f"Wed 2026-12-09 14:59 follow_up to {CLARA}"]


def test_a_customer_who_writes_one_second_before_the_reminder_gets_none() -> None:
    shop = lived(
        first("2026-12-01 09:00"),
        answer("2026-12-01 15:00"),
        customer("2026-12-04 14:59:59", "No, it has not arrived. What shall I do now?"),
        until="2026-12-05 00:00",
    )

    assert shop.letters() == [
        f"Tue 2026-12-01 09:00 {THANKED}",
        "Fri 2026-12-04 15:00 update to staff",
    ]
    assert shop.status == "open"


def test_a_customer_who_says_thanks_is_reminded_of_nothing_and_it_is_settled_in_the_end() -> None:
    shop = lived(
        first("2026-12-01 09:00"),
        answer("2026-12-01 15:00"),
        customer("2026-12-02 09:00", "Thank you very much!"),
    )

    assert shop.letters() == [
        f"Tue 2026-12-01 09:00 {THANKED}",
        f"Wed 2026-12-16 15:00 feedback to {CLARA}",
    ]
    assert shop.status == "resolved"


def test_a_customer_who_writes_again_before_our_answer_waits_since_the_first_time() -> None:
    shop = lived(
        first("2026-12-01 09:00"),
        customer("2026-12-02 16:00", "Is anybody there? I still wait for my order."),
        until="2026-12-04 23:00",
    )

    assert shop.events(Event.PROMISE_BROKEN) == ["Thu 2026-12-03 09:00 promise_broken late"]


def test_what_could_not_be_done_stands_in_the_timeline(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> None:
        raise ValueError("no such day")

    monkeypatch.setattr("maildaemon.services.fire.decide_timer", broken)

    shop = lived(first("2026-11-20 17:00"), until="2026-11-24 00:00")

    assert shop.events(Event.STAFF_WARNED, Event.TIMER_PARKED) == [
        "Mon 2026-11-23 17:00 timer_parked warning ValueError('no such day')"
    ]
