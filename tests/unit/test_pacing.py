"""The pace of a mailbox: a burst, a rate, and faster where people would wait too long."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise

from maildaemon.domain.pacing import Queue, is_late, next_slot, take_slot
from tests.builders import a_policy

NOW = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)
LIMITS = a_policy().limits


def slots(count: int) -> list[timedelta]:
    """Return when each of so many mails may go that were all queued now."""
    queue, at, found = Queue(count, NOW), NOW, []
    for left in range(count, 0, -1):
        queue = replace(queue, waiting=left)
        while (slot := next_slot(LIMITS, queue, at)) > at:
            at = slot
        found.append(at - NOW)
        queue = replace(queue, paced_until=take_slot(LIMITS, queue, at), paced_at=at)
    return found


def test_a_burst_goes_at_once_and_then_one_a_minute() -> None:
    assert slots(23) == [*[timedelta(0)] * 20, MINUTE, 2 * MINUTE, 3 * MINUTE]


def test_what_would_take_longer_than_the_longest_delay_goes_evenly_faster() -> None:
    waits = slots(500)
    gaps = [after - before for before, after in pairwise(waits[20:])]

    assert waits[-1] <= LIMITS.longest_delay
    assert min(gaps) >= timedelta(seconds=30)


def test_it_never_goes_so_fast_that_the_breaker_trips() -> None:
    queue = Queue(5000, NOW - 7 * HOUR, paced_at=NOW - HOUR, sent=30)

    assert next_slot(LIMITS, queue, NOW) > NOW


def test_a_hurry_that_is_over_keeps_nobody_waiting() -> None:
    full = take_slot(LIMITS, Queue(300, NOW, paced_until=NOW + 20 * MINUTE), NOW)
    alone = Queue(1, NOW + MINUTE, paced_until=full, paced_at=NOW)

    assert next_slot(LIMITS, alone, NOW + MINUTE) == NOW + MINUTE


def test_a_clock_that_was_set_back_keeps_no_mail_for_a_year() -> None:
    queue = Queue(1, NOW, paced_until=NOW + timedelta(days=365), paced_at=NOW)

    assert next_slot(LIMITS, queue, NOW) <= NOW + MINUTE


def test_mail_is_late_after_a_sixth_of_the_longest_delay() -> None:
    assert not is_late(LIMITS, Queue(9, NOW - HOUR), NOW)
    assert is_late(LIMITS, Queue(9, NOW - HOUR - MINUTE), NOW)


def test_what_a_clock_that_was_ahead_has_noted_keeps_no_mail() -> None:
    ahead = NOW + 30 * 24 * 60 * MINUTE
    queue = Queue(3, NOW, paced_until=ahead + 5 * MINUTE, paced_at=ahead)

    assert next_slot(LIMITS, queue, NOW) == NOW
    assert take_slot(LIMITS, queue, NOW) == NOW + MINUTE
