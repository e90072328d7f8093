"""When all automatic mail must stop."""

from dataclasses import replace
from datetime import timedelta

import pytest

from maildaemon.domain.brakes import FORTNIGHT, WINDOW, why_break
from maildaemon.domain.policy import Rate
from tests.builders import a_policy

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


def test_what_the_mailbox_may_send_is_never_too_much() -> None:
    limits = replace(LIMITS, burst=100, per_mailbox=Rate(600, timedelta(hours=1)))

    assert why_break(limits, 200, 0, 0) is None
    assert why_break(limits, 201, 0, 0) is not None
