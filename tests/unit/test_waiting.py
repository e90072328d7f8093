"""How long to wait before the next attempt."""

from collections.abc import Callable
from datetime import timedelta
from itertools import accumulate

import pytest

from maildaemon.domain.waiting import (
    ALARM_GAP_AFTER,
    STOP_AFTER_REFUSALS,
    gap_is_alarming,
    mail_wait,
    next_gap_attempt,
    outage_wait,
    process_wait,
    refusal_wait,
    settle_wait,
)
from tests.builders import NOW

DAY = timedelta(days=1)
WAITS = [mail_wait, process_wait, settle_wait, refusal_wait, outage_wait]


def minutes(wait: Callable[[int], timedelta], count: int) -> list[float]:
    return [wait(number).total_seconds() / 60 for number in range(1, count + 1)]


def test_a_deferred_mail_is_tried_quickly_at_first_and_then_every_three_hours() -> None:
    assert minutes(mail_wait, 9) == [1, 5, 15, 30, 60, 120, 180, 180, 180]


def test_a_gap_is_tried_from_a_minute_to_a_day() -> None:
    attempts, at = [], NOW
    for count in range(1, 9):
        at = next_gap_attempt(count, NOW, at)
        attempts.append((at - NOW) / timedelta(minutes=1))

    assert attempts == [1, 6, 21, 81, 321, 1440, 2880, 4320]


def test_a_refused_password_is_tried_three_times_and_then_only_probed() -> None:
    assert STOP_AFTER_REFUSALS == 3
    assert minutes(refusal_wait, 7) == [0.5, 1, 15, 60, 360, 1440, 1440]


def test_a_refused_password_is_tried_six_times_on_the_first_day() -> None:
    attempts = [timedelta(0), *accumulate(refusal_wait(number) for number in range(1, 20))]

    assert sum(at < DAY for at in attempts) == 6


def test_an_outage_is_waited_out_with_growing_steps_of_at_most_five_minutes() -> None:
    seconds = [60 * wait for wait in minutes(outage_wait, 11)]

    assert seconds == [1, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300]


@pytest.mark.parametrize("wait", WAITS)
def test_no_wait_shrinks_or_overflows(wait: Callable[[int], timedelta]) -> None:
    waits = [wait(number) for number in (0, 1, 2, 3, 10, 100, 10**9)]

    assert waits == sorted(waits)
    assert waits[0] == waits[1] > timedelta(0)


def test_what_is_withheld_for_a_day_is_alarming() -> None:
    assert ALARM_GAP_AFTER == DAY
    assert gap_is_alarming(NOW, NOW + DAY)
    assert not gap_is_alarming(NOW, NOW + DAY - timedelta(seconds=1))
