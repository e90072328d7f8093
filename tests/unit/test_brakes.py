"""When all automatic mail must stop."""

from dataclasses import replace
from datetime import timedelta

import pytest

from maildaemon.domain.brakes import (
    FORTNIGHT,
    WINDOW,
    Brake,
    Braking,
    ClockReading,
    why_break,
    why_bulk,
    why_flooded,
    why_jumped,
    why_long_ago,
)
from maildaemon.domain.policy import Rate
from tests.builders import NOW, a_policy

LIMITS = a_policy().limits
WINDOWS_IN_A_FORTNIGHT = FORTNIGHT // WINDOW


@pytest.mark.parametrize(
    ("sent", "bounces", "breaks"),
    [
        (0, 0, False),
        (30, 0, False),  # what the shipped limits let pass in ten minutes
        (31, 0, True),
        (0, 10, False),
        (0, 11, True),
    ],
)
def test_a_quiet_shop_stops_at_far_too_much(sent: int, bounces: int, breaks: bool) -> None:
    assert (why_break(LIMITS, sent, 0, bounces) is not None) == breaks


def test_a_busy_shop_stops_at_five_times_its_mean() -> None:
    usual = 10 * WINDOWS_IN_A_FORTNIGHT

    assert why_break(LIMITS, 50, usual, 0) is None
    assert why_break(LIMITS, 51, usual, 0) == "51 automatic mails in 10 minutes, 10.0 is usual"


def test_bounces_stop_it_however_much_is_usual() -> None:
    usual = 10 * WINDOWS_IN_A_FORTNIGHT

    assert why_break(LIMITS, 20, usual, 11) == "11 of our mails bounced within 10 minutes"


def test_many_times_what_may_be_sent_is_a_flood() -> None:
    assert why_flooded(LIMITS, 300) is None
    assert why_flooded(LIMITS, 301) == (
        "301 mails that are to be answered arrived within 10 minutes"
    )


def test_more_than_a_hundred_old_messages_are_a_bulk() -> None:
    assert why_bulk(100) is None
    assert why_bulk(101) is not None


@pytest.mark.parametrize(
    ("wall", "boot", "jumped"),
    [
        (timedelta(hours=9), timedelta(hours=9), False),  # the machine slept
        (timedelta(minutes=4), timedelta(0), False),
        (timedelta(minutes=6), timedelta(0), True),
        (timedelta(minutes=-6), timedelta(0), True),
        (timedelta(days=365), timedelta(seconds=10), True),
    ],
)
def test_a_clock_has_jumped_if_it_did_not_go_on_with_the_machine(
    wall: timedelta, boot: timedelta, jumped: bool
) -> None:
    before = ClockReading(NOW, 1000.0)
    after = ClockReading(NOW + wall, 1000.0 + boot.total_seconds())

    assert (why_jumped(before, after) is not None) == jumped


@pytest.mark.parametrize("brake", Brake)
def test_what_was_written_before_a_brake_is_doubted_only_where_it_may_not_be_new(
    brake: Brake,
) -> None:
    on = Braking(brake, "a test", NOW, brake.doubts_before(NOW))
    doubted = [on.doubts(NOW + minutes) for minutes in (-WINDOW, WINDOW)]

    assert doubted == {
        Brake.BREAKER: [False, False],
        Brake.FLOOD: [False, False],
        Brake.OTHER_INSTALLATION: [False, False],
        Brake.CLOCK: [True, True],
    }.get(brake, [True, False])


def test_what_the_mailbox_may_send_is_never_too_much() -> None:
    limits = replace(LIMITS, burst=100, per_mailbox=Rate(600, timedelta(hours=1)))

    assert why_break(limits, 200, 0, 0) is None
    assert why_break(limits, 201, 0, 0) is not None


def test_a_heartbeat_of_more_than_thirty_days_ago_makes_the_clock_doubtful() -> None:
    month = timedelta(days=30)

    assert why_long_ago(NOW - month, NOW) is None
    assert why_long_ago(NOW - month - timedelta(seconds=1), NOW) == (
        "the last heartbeat is 30 days old: is the clock right?"
    )
