"""What a delivery report means for us."""

import pytest

from maildaemon.domain.actions import MarkUndeliverable
from maildaemon.domain.delivery import Reply
from maildaemon.domain.message import DeliveryReport, ReportAction, ReportedRecipient
from maildaemon.domain.report import UNDELIVERABLE_FOR, is_dead_address, undeliverable
from tests.builders import CLARA, NOW

PEOPLE = frozenset({CLARA.key})


def a_report(
    status: str | None, address: str = CLARA.address, action: ReportAction = ReportAction.FAILED
) -> DeliveryReport:
    return DeliveryReport((ReportedRecipient(address, action, status, None),), "ours@shop.example")


@pytest.mark.parametrize("status", ["5.1.1", "5.1.2", "5.1.3", "5.1.6", "5.1.10", "5.2.1"])
def test_a_dead_address_is_left_alone_for_thirty_days(status: str) -> None:
    marked = undeliverable(a_report(status, "Clara@Customer.example "), PEOPLE, NOW)

    assert marked == (MarkUndeliverable(CLARA.key, NOW + UNDELIVERABLE_FOR, status),)
    assert UNDELIVERABLE_FOR.days == 30


@pytest.mark.parametrize("status", [None, "", "5.2.2", "5.7.1", "4.1.1", "4.4.7", "5.0.0", "2.0.0"])
def test_a_full_mailbox_a_policy_or_a_passing_trouble_is_no_dead_address(
    status: str | None,
) -> None:
    assert undeliverable(a_report(status), PEOPLE, NOW) == ()


def test_a_delay_does_nothing() -> None:
    assert undeliverable(a_report("5.1.1", action=ReportAction.DELAYED), PEOPLE, NOW) == ()


def test_a_report_cannot_silence_somebody_to_whom_we_did_not_write() -> None:
    assert undeliverable(a_report("5.1.1", "victim@elsewhere.example"), PEOPLE, NOW) == ()


def test_each_recipient_of_a_report_is_judged_by_himself() -> None:
    one = a_report("5.1.1").recipients
    other = a_report("5.2.2", "copied@customer.example").recipients
    people = PEOPLE | {"copied@customer.example"}

    marked = undeliverable(DeliveryReport(other + one, None), people, NOW)

    assert [mark.address for mark in marked] == [CLARA.key]


@pytest.mark.parametrize(
    ("text", "dead"),
    [
        ("5.1.1 <clara@customer.example>: user unknown", True),
        ("No such user here (5.1.1).", True),
        ("#5.1.1 bad address", True),
        ("5.7.1 rejected by policy", False),
        ("see section 15.1.1", False),
        ("", False),
    ],
)
def test_a_refusal_says_by_its_enhanced_code_that_the_address_is_dead(
    text: str, dead: bool
) -> None:
    assert is_dead_address(Reply(550, text)) == dead
