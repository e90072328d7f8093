"""What a person may have done by hand, and what is shown and handed out of a conversation."""

import pytest

from maildaemon.domain.by_hand import HeldMail, ThreadState, Unreleasable, why_not_retried
from maildaemon.domain.control import Keyword, keywords_of
from maildaemon.domain.delivery import OutboxState, Section
from maildaemon.domain.person import Personal
from maildaemon.domain.threads import Status
from tests.builders import CLARA, HOUR, NOW

WENT_WRONG = {OutboxState.FAILED, OutboxState.EXPIRED, OutboxState.UNKNOWN}


@pytest.mark.parametrize("state", OutboxState)
def test_only_what_went_wrong_is_tried_again(state: OutboxState) -> None:
    mail = HeldMail(1, 1, state, (Section.ACKNOWLEDGEMENT,), CLARA.key, NOW - HOUR)

    why = why_not_retried(mail, NOW)

    assert why is (None if state in WENT_WRONG else Unreleasable.NOT_HELD_BACK)


def test_what_was_taken_back_because_its_cause_went_to_junk_is_not_tried_again() -> None:
    mail = HeldMail(1, 1, OutboxState.FAILED, (), CLARA.key, NOW, junked=True)

    assert why_not_retried(mail, NOW) is Unreleasable.IN_JUNK


@pytest.mark.parametrize("overdue", [True, False])
@pytest.mark.parametrize("status", Status)
def test_only_what_waits_for_us_is_shown_as_overdue(status: Status, overdue: bool) -> None:
    shown = keywords_of(ThreadState(1, 1, "K7F3-Q2", status), NOW, overdue=overdue)

    assert (Keyword.OVERDUE in shown) is (overdue and status is Status.OPEN)


def test_a_person_is_found_in_the_mailboxes_that_hold_something_of_him() -> None:
    rows = {"message": ({"mailbox_id": 2}, {"mailbox_id": 2}), "attachment": ({"id": 7},)}

    assert Personal((CLARA.key,), rows).mailboxes == {2}
    assert Personal((CLARA.key,), {"message": ()}).mailboxes == frozenset()
