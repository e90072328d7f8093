"""While a colleague's own account cannot be read, she may have answered: customers' mail waits."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from maildaemon.domain.opening import Hours
from maildaemon.domain.spans import parse_span
from maildaemon.domain.timepolicy import FollowUpStep, Promise, TimePolicy
from maildaemon.domain.understanding import Priority
from tests.service.test_staff_mail import ANNA, ORDER, Colleague, Talk
from tests.service.test_time_passes import MONDAY, letters

# What is decided is the same everywhere; the marked ones bring all statements to PostgreSQL too.
pytestmark = pytest.mark.sqlite

CLARA, STAFF = "clara@customer.example", "anna@shop.example"
PROMISE = Promise(
    first_reply=parse_span("4 hours"), warn_at=parse_span("2 hours"), tell_customer=True
)
TIME = TimePolicy(
    promises=((Priority.NORMAL, PROMISE),),
    follow_up=(
        FollowUpStep(parse_span("1 day"), "follow_up"),
        FollowUpStep(parse_span("2 days"), resolve=True),
    ),
)


@pytest.fixture
def talk(tmp_path: Path) -> Iterator[Talk]:
    opened = Talk(tmp_path, order_numbers=(ORDER,), time=TIME, hours=Hours())
    opened.shop.at = MONDAY
    yield opened
    opened.shop.close()


def pass_time(talk: Talk, anna: Colleague | None = None, **span: float) -> None:
    """Let time pass; `anna`: her account can be read meanwhile."""
    until = talk.shop.at + timedelta(**span)
    while talk.shop.at < until:
        talk.shop.at = min(until, talk.shop.at + timedelta(minutes=31))
        if anna is not None:
            anna.read()
        talk.shop.round()


def status(talk: Talk) -> list[str]:
    return [str(row[0]) for row in talk.shop.rows("select status from thread")]


def test_staff_are_warned_after_an_hour_and_the_customer_gets_nothing(talk: Talk) -> None:
    anna = Colleague(talk)
    talk.customer()
    anna.read()
    assert letters(talk.shop) == [(CLARA, "acknowledgement")]

    pass_time(talk, hours=2, minutes=30)
    assert letters(talk.shop)[1:] == []
    pass_time(talk, minutes=40)
    assert letters(talk.shop)[1:] == [(STAFF, "staff")]
    # The promise is broken, and the day is over: staff know, the customer is not told yet.
    pass_time(talk, hours=14)
    assert letters(talk.shop)[1:] == [(STAFF, "staff")] * 2
    assert talk.shop.outbox[-1] == "queued"

    pass_time(talk, anna, minutes=5)
    assert letters(talk.shop)[3:] == [(CLARA, "late")]


@pytest.mark.postgresql
def test_what_she_has_answered_meanwhile_stops_the_mail_to_the_customer(talk: Talk) -> None:
    anna = Colleague(talk)
    talk.customer()
    anna.read()
    anna.account.deliver(talk.letter("iPhone", sender=ANNA).raw, "Sent", flags=("\\Seen",))
    pass_time(talk, hours=17)
    assert letters(talk.shop)[1:] == [(STAFF, "staff")] * 2
    assert talk.shop.outbox[-1] == "queued"

    pass_time(talk, anna, minutes=5)
    assert talk.shop.outbox[-1] == "cancelled"
    assert letters(talk.shop)[3:] == []
    assert status(talk) == ["pending"]


def test_neither_a_reminder_nor_the_end_of_a_matter_comes_before_her_account_is_read(
    talk: Talk,
) -> None:
    anna = Colleague(talk)
    talk.customer()
    talk.staff("iPhone")
    anna.read()
    pass_time(talk, days=2, hours=2)
    assert letters(talk.shop)[1:] == []
    assert status(talk) == ["pending"]

    anna.sends(talk.letter("iPhone", sender=ANNA, number=7))
    pass_time(talk, anna, hours=3)
    assert letters(talk.shop)[1:] == []
    assert status(talk) == ["pending"]


def test_what_waits_for_her_keeps_no_other_mail_waiting(talk: Talk) -> None:
    anna = Colleague(talk)
    talk.customer()
    anna.read()
    pass_time(talk, hours=17)
    assert talk.shop.outbox[-1] == "queued"

    talk.customer(sender="dan@x.example", message_id="d1@x.example", subject="Another matter")
    pass_time(talk, hours=1, minutes=5)
    assert letters(talk.shop)[-1] == ("dan@x.example", "acknowledgement")


def test_who_was_never_read_may_have_answered_as_well(talk: Talk) -> None:
    with talk.shop.sql.begin() as tx:
        never = tx.mailboxes.ensure("bert").mailbox_id
    talk.shop.desk = replace(talk.shop.desk, colleagues=((never, "bert"),))
    talk.customer()
    talk.staff("iPhone")
    pass_time(talk, days=2, hours=2)

    assert [one for one in letters(talk.shop) if one[1] != "acknowledgement"] == []
    assert status(talk) == ["pending"]
