"""What another configuration changes in what would have happened."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from maildaemon.domain.outcome import (
    Change,
    Difference,
    Fate,
    Promised,
    differences,
    promised,
    with_dates,
)
from maildaemon.domain.timeline import Clock, Event, Told
from maildaemon.domain.timers import TimerKind

NOON = datetime(2026, 12, 1, 12, tzinfo=UTC)
DAY = timedelta(days=1)
THANKED = Told(NOON, Event.MAIL_QUEUED, "T1", "acknowledgement+faq", "clara@customer.example")
WARNED = Told(NOON + DAY, Event.STAFF_WARNED, "T1", "warning", "anna@shop.example", "warning")


def test_an_acknowledgement_has_the_date_that_it_names_and_nothing_else_has() -> None:
    promise = Promised("T1", NOON, NOON + 2 * DAY, None, Fate.RUNNING)
    elsewhere = replace(THANKED, thread="T2")

    found = with_dates((THANKED, WARNED, elsewhere), (promise,))

    assert found == (replace(THANKED, due_at=NOON + 2 * DAY), WARNED, elsewhere)


def test_the_same_mail_with_another_date_in_it_is_a_difference() -> None:
    soon, late = (replace(THANKED, due_at=NOON + days * DAY) for days in (1, 2))

    assert differences((soon, WARNED), (late, WARNED)) == (Difference(Change.DATE, soon, late),)
    assert differences((soon, WARNED), (soon, WARNED)) == ()


def test_what_comes_later_goes_to_others_is_new_or_is_gone_is_told_in_order() -> None:
    later = replace(WARNED, at=NOON + 3 * DAY)
    reminder = Told(NOON + 5 * DAY, Event.MAIL_QUEUED, "T1", "follow_up", "clara@customer.example")
    resolved = Told(NOON + 9 * DAY, Event.THREAD_RESOLVED, "T1", why="resolve")
    to_berta = replace(reminder, to="berta@customer.example")

    assert differences((THANKED, WARNED, reminder), (THANKED, later, to_berta, resolved)) == (
        Difference(Change.TIME, WARNED, later),
        Difference(Change.RECIPIENT, reminder, to_berta),
        Difference(Change.MORE, None, resolved),
    )
    assert differences((THANKED,), ()) == (Difference(Change.LESS, THANKED, None),)


def test_what_became_of_a_promise_is_told_by_the_first_answer_after_it_was_made() -> None:
    due = NOON + 2 * DAY
    clock = Clock("T1", TimerKind.LATE, NOON, due)
    answer = Told(due, Event.STAFF_ANSWERED, "T1")
    earlier = replace(answer, at=NOON - DAY)
    elsewhere = replace(answer, thread="T2")

    def fate(clock: Clock, *told: Told, until: datetime = due) -> Fate:
        (only,) = promised((clock, replace(clock, kind=TimerKind.WARNING)), told, until)
        assert (only.thread, only.since, only.due_at) == ("T1", NOON, due)
        return only.fate

    late = replace(answer, at=due + timedelta(seconds=1))
    assert fate(clock, earlier, answer, late) is Fate.KEPT
    assert fate(clock, earlier, late, elsewhere) is Fate.LATE
    assert fate(replace(clock, fired_at=due), earlier, elsewhere) is Fate.UNANSWERED
    assert fate(clock, WARNED, until=due - timedelta(seconds=1)) is Fate.RUNNING
    assert fate(clock, until=due) is Fate.LAPSED
