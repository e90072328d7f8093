"""Whatever happens to a mailbox and its daemons, in whatever order: the promises hold."""

import pytest
from hypothesis import settings
from hypothesis.stateful import run_state_machine_as_test

from tests.model.machine import MailboxMachine

pytestmark = pytest.mark.sqlite


def test_whatever_happens_in_whatever_order_the_promises_hold() -> None:
    short = settings(max_examples=6, stateful_step_count=30, derandomize=True, deadline=None)

    run_state_machine_as_test(MailboxMachine, settings=short)
