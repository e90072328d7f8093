"""What happens when time passes: the real decisions and database, a clock to move."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from maildaemon.domain.brakes import Brake, Braking
from maildaemon.domain.delivery import Section
from maildaemon.domain.opening import Hours
from maildaemon.domain.policy import Mode
from maildaemon.domain.spans import parse_span
from maildaemon.domain.threads import Status
from maildaemon.domain.timepolicy import EscalationStep, FollowUpStep, Promise, TimePolicy
from maildaemon.domain.understanding import Priority
from maildaemon.services.by_hand import release, set_status
from maildaemon.services.plan import put_in_force
from tests.service.shop import Shop, a_mail

# What is decided is the same everywhere; the marked ones bring all statements to PostgreSQL too.
pytestmark = pytest.mark.sqlite

# A Monday.
MONDAY = datetime(2026, 11, 23, 9, tzinfo=UTC)
PROMISE = Promise(first_reply=parse_span("48 business hours"), warn_at=parse_span("24 hours"))
LADDER = (
    FollowUpStep(parse_span("3 days"), "follow_up"),
    FollowUpStep(parse_span("7 days"), "closing_soon"),
    FollowUpStep(parse_span("10 days"), resolve=True),
)
TIME = TimePolicy(
    promises=((Priority.NORMAL, PROMISE),),
    follow_up=LADDER,
    feedback=parse_span("1 day"),
)


def a_shop(folder: Path, **policy: Any) -> Shop:
    opened = Shop(folder, **{"time": TIME, "hours": Hours(), **policy})
    opened.at = MONDAY
    opened.start()
    return opened


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Shop]:
    opened = a_shop(tmp_path)
    yield opened
    opened.close()


def customer_writes(shop: Shop, **fields: Any) -> None:
    shop.write(a_mail(**{"date": shop.at, **fields}))
    shop.round()


def staff_answer(shop: Shop, message_id: str = "a1@shop.example") -> None:
    """Somebody answers from a mail client; the daemon has not looked yet."""
    raw = a_mail(
        "It is on its way. Did it arrive?",
        sender="Anna <support@shop.example>",
        to="clara@customer.example",
        message_id=message_id,
        In_Reply_To="<c1@customer.example>",
        date=shop.at,
    )
    shop.write(raw, "Sent")


def conversation(shop: Shop) -> None:
    """A customer asks, and a person answers an hour later."""
    customer_writes(shop)
    shop.wait(hours=1)
    staff_answer(shop)
    shop.round()


def letters(shop: Shop) -> list[tuple[str, str]]:
    """Return who got what since the beginning: the section, or the first words of the subject."""
    rows = shop.rows("select recipient, kind, sections from outbox where state='sent' order by id")
    return [(row[0], "+".join(_sections(row[2])) or row[1]) for row in rows]


def _sections(value: Any) -> list[str]:
    import json

    return list(json.loads(value) if isinstance(value, str) else value)


def status(shop: Shop) -> str:
    return str(shop.rows("select status from thread")[0][0])


CLARA, ANNA = "clara@customer.example", "anna@shop.example"


@pytest.mark.postgresql
def test_staff_are_warned_before_a_promise_breaks_and_told_when_it_does(shop: Shop) -> None:
    customer_writes(shop)
    shop.wait(hours=23)
    shop.round()
    assert letters(shop) == [(CLARA, "acknowledgement")]

    shop.wait(hours=2)
    shop.round()
    assert letters(shop)[1:] == [(ANNA, "staff")]

    shop.wait(hours=24)
    shop.round()
    assert letters(shop)[2:] == [(ANNA, "staff")]
    assert [row[0] for row in shop.rows("select event from event where event='promise_broken'")]


def test_a_warning_that_is_queued_goes_to_nobody_whom_the_configuration_names_no_more(
    shop: Shop,
) -> None:
    customer_writes(shop)
    shop.wait(hours=25)
    shop.receive()
    while shop.process():
        pass
    while shop.fire():
        pass
    assert shop.rows("select recipient, state from outbox where kind = 'staff'") == [
        (ANNA, "queued")
    ]
    shop.desk = replace(
        shop.desk, policy=replace(shop.policy, staff=frozenset(), warned=("berta@shop.example",))
    )
    shop.round()

    assert letters(shop) == [(CLARA, "acknowledgement")]
    assert shop.rows("select state from outbox where kind = 'staff'") == [("cancelled",)]


def test_an_answer_in_time_stops_the_warning(shop: Shop) -> None:
    conversation(shop)
    shop.wait(hours=30)
    shop.round()

    assert letters(shop) == [(CLARA, "acknowledgement")]


def test_a_silent_customer_is_reminded_twice_and_then_it_is_settled(shop: Shop) -> None:
    conversation(shop)
    for _ in range(12):
        shop.wait(days=1)
        shop.round()

    assert letters(shop) == [
        (CLARA, "acknowledgement"),
        (CLARA, "follow_up"),
        (CLARA, "closing_soon"),
        (CLARA, "feedback"),
    ]
    assert status(shop) == "resolved"


def test_no_reminder_comes_a_second_time(shop: Shop) -> None:
    conversation(shop)
    for _ in range(5):
        shop.wait(days=1)
        for _ in range(3):
            shop.open()
            shop.round()

    assert letters(shop).count((CLARA, "follow_up")) == 1


def test_staff_who_answer_one_second_before_the_reminder_are_not_overtaken(shop: Shop) -> None:
    conversation(shop)
    shop.wait(days=3, seconds=-1)
    staff_answer(shop, "a2@shop.example")
    shop.wait(seconds=2)
    shop.round()

    assert letters(shop) == [(CLARA, "acknowledgement")]


def test_an_answer_between_the_reminder_and_its_sending_calls_it_back(shop: Shop) -> None:
    conversation(shop)
    shop.wait(days=3)
    shop.receive()
    while shop.process() or shop.fire():
        pass
    assert shop.outbox[-1] == "queued"

    staff_answer(shop, "a2@shop.example")
    assert shop.deliver() == 1
    assert letters(shop) == [(CLARA, "acknowledgement")]

    shop.wait(minutes=1)
    shop.round()
    assert shop.outbox[-1] == "cancelled"
    assert letters(shop) == [(CLARA, "acknowledgement")]


def test_a_customer_who_writes_again_is_reminded_of_nothing(shop: Shop) -> None:
    conversation(shop)
    shop.wait(days=3)
    shop.receive()
    while shop.process() or shop.fire():
        pass
    shop.write(
        a_mail(
            "No, it has not arrived. Where is it?",
            message_id="c2@customer.example",
            In_Reply_To="<a1@shop.example>",
            date=shop.at,
        )
    )
    shop.round()

    assert letters(shop) == [(CLARA, "acknowledgement")]
    assert shop.outbox[-1] == "cancelled"
    assert status(shop) == "open"


def test_after_a_week_of_downtime_nobody_gets_a_burst_of_late_mail(shop: Shop) -> None:
    conversation(shop)
    shop.wait(days=9)
    shop.open()
    shop.round()

    assert letters(shop) == [(CLARA, "acknowledgement")]
    assert shop.outbox[1:] == ["held"]


def test_a_policy_that_is_new_begins_now(tmp_path: Path) -> None:
    shop = a_shop(tmp_path, time=TimePolicy())
    conversation(shop)
    shop.wait(days=5)
    shop.round()

    shop.policy = a_shop_policy(shop)
    shop.open()
    shop.round()
    assert letters(shop) == [(CLARA, "acknowledgement")]

    shop.wait(days=3)
    shop.round()
    assert letters(shop)[1:] == [(CLARA, "closing_soon")]
    shop.close()


def a_shop_policy(shop: Shop) -> Any:
    return replace(shop.policy, time=TIME)


def test_in_shadow_nobody_gets_anything_and_nothing_is_sent_later(tmp_path: Path) -> None:
    shop = a_shop(tmp_path, mode=Mode.SHADOW)
    conversation(shop)
    for _ in range(12):
        shop.wait(days=1)
        shop.round()

    assert letters(shop) == []
    assert set(shop.outbox) == {"shadow"}
    shop.close()


def test_a_follow_up_in_drafts_waits_for_a_person(tmp_path: Path) -> None:
    shop = a_shop(tmp_path, modes=((Section.FOLLOW_UP, Mode.DRAFTS),))
    conversation(shop)
    shop.wait(days=3)
    shop.round()

    assert letters(shop) == [(CLARA, "acknowledgement")]
    assert shop.outbox[-1] == "draft"
    shop.close()


@pytest.mark.postgresql
def test_the_date_that_was_told_outlives_a_change_of_the_policy(shop: Shop) -> None:
    customer_writes(shop)
    told = shop.rows("select due_at from timer where kind='late'")

    shop.policy = a_hasty(shop)
    shop.open()
    shop.wait(hours=2)
    shop.round()

    assert shop.rows("select due_at from timer where kind='late' and state='armed'") == told
    assert letters(shop) == [(CLARA, "acknowledgement")]


def a_hasty(shop: Shop) -> Any:
    hasty = Promise(first_reply=parse_span("1 hour"))
    return replace(shop.policy, time=TimePolicy(promises=((Priority.NORMAL, hasty),)))


def test_a_mailbox_that_was_not_read_fires_nothing(shop: Shop) -> None:
    conversation(shop)
    shop.wait(days=3)

    assert shop.fire() == 0


def test_a_death_between_claim_and_effect_fires_once(shop: Shop) -> None:
    conversation(shop)
    shop.wait(days=3)
    shop.receive()
    with shop.store.begin() as tx:
        row = tx.timers.next_due(shop.desk.mailbox_id, shop.at)
        assert row is not None
        tx.timers.claim(row, shop.at + timedelta(minutes=5))
    shop.open()
    shop.round()
    assert letters(shop) == [(CLARA, "acknowledgement")]

    shop.wait(minutes=6)
    shop.round()
    shop.round()
    assert letters(shop) == [(CLARA, "acknowledgement"), (CLARA, "follow_up")]


def test_a_complaint_is_escalated_and_the_customer_hears_of_it(tmp_path: Path) -> None:
    step = EscalationStep(
        ("senior@shop.example",), answer_within=parse_span("48 hours"), tell_customer=True
    )
    shop = a_shop(tmp_path, time=TimePolicy(escalation=(step,)))
    conversation(shop)
    shop.wait(hours=1)
    customer_writes(
        shop,
        body="That is no answer. Where is my order?",
        message_id="c2@customer.example",
        In_Reply_To="<a1@shop.example>",
    )
    assert letters(shop)[1:] == [("senior@shop.example", "staff"), (CLARA, "escalated")]

    shop.wait(hours=49)
    shop.round()
    assert letters(shop)[3:] == [(ANNA, "staff"), ("senior@shop.example", "staff")]
    shop.close()


@pytest.mark.postgresql
def test_what_is_in_force_is_noted_once(shop: Shop) -> None:
    before = shop.rows("select part, since from in_force order by part")
    shop.wait(hours=1)
    put_in_force(shop.store, shop.desk, shop.at)

    assert shop.rows("select part, since from in_force order by part") == before


@pytest.mark.postgresql
def test_what_a_clock_that_ran_ahead_put_in_force_holds_from_when_it_is_right(
    tmp_path: Path,
) -> None:
    shop = a_shop(tmp_path, time=TimePolicy())
    shop.at += timedelta(days=365)
    shop.policy = a_shop_policy(shop)
    shop.open()
    shop.at = MONDAY
    conversation(shop)
    shop.wait(days=3)
    shop.round()

    assert letters(shop)[-1] == (CLARA, "follow_up")
    assert all(since <= f"{shop.at}" for (since,) in shop.rows("select since from in_force"))
    shop.close()


def test_by_a_clock_that_is_behind_nothing_is_put_in_force_earlier(shop: Shop) -> None:
    before = shop.rows("select part, since from in_force order by part")
    customer_writes(shop)
    with shop.store.begin() as tx:
        tx.brakes.put_on(shop.desk.mailbox_id, Braking(Brake.CLOCK, "behind", shop.at, None))
        tx.records.note(shop.desk.mailbox_id, "thread_noted", shop.at, thread_id=1)
    shop.at -= timedelta(days=365)
    shop.fire()

    assert shop.rows("select part, since from in_force order by part") == before


def test_who_undoes_a_resolution_has_the_old_question_on_the_clock_again(shop: Shop) -> None:
    customer_writes(shop)
    _set(shop, Status.RESOLVED)
    shop.round()
    _set(shop, Status.OPEN)
    shop.wait(hours=25)
    shop.round()

    assert letters(shop)[1:] == [(ANNA, "staff")]


def _set(shop: Shop, status: Status) -> None:
    reference = shop.rows("select reference from thread")[0][0]
    with shop.store.begin() as tx:
        thread = tx.by_hand.thread(reference)
        assert thread is not None
        set_status(tx, thread, status, "anna", shop.at)


def test_staff_are_told_in_drafts_mode_and_nobody_in_shadow(tmp_path: Path) -> None:
    for mode, told in ((Mode.DRAFTS, [(ANNA, "staff")]), (Mode.SHADOW, [])):
        shop = a_shop(tmp_path / mode, mode=mode)
        customer_writes(shop)
        shop.wait(hours=25)
        shop.round()

        assert letters(shop) == told
        shop.close()


@pytest.mark.postgresql
def test_what_is_held_goes_when_a_person_releases_it(shop: Shop) -> None:
    conversation(shop)
    shop.wait(days=5)
    shop.open()
    shop.round()
    assert shop.outbox[-1] == "held"

    (outbox_id,) = shop.rows("select id from outbox where state='held'")[0]
    with shop.store.begin() as tx:
        mail = tx.by_hand.mail(outbox_id)
        assert mail is not None
        assert release(tx, mail, "anna", shop.at) is None
    shop.round()

    assert letters(shop)[1:] == [(CLARA, "follow_up")]


def test_a_reminder_that_was_too_late_is_not_held_any_more_when_the_next_one_goes(
    shop: Shop,
) -> None:
    conversation(shop)
    shop.wait(days=5)
    shop.round()
    assert shop.rows("select state, why from outbox where kind='timed'") == [("held", "too_late")]

    shop.wait(days=2)
    shop.round()
    assert letters(shop)[1:] == [(CLARA, "closing_soon")]
    assert "held" not in shop.outbox


def test_an_answer_calls_back_what_is_held(shop: Shop) -> None:
    conversation(shop)
    shop.wait(days=5)
    shop.open()
    shop.round()
    staff_answer(shop, "a2@shop.example")
    shop.round()

    assert shop.outbox[-1] == "cancelled"


def test_who_was_told_a_day_hears_of_a_broken_promise_when_the_day_is_over(tmp_path: Path) -> None:
    told = replace(PROMISE, tell_customer=True, warn_at=None)
    shop = a_shop(tmp_path, time=TimePolicy(promises=((Priority.NORMAL, told),)))
    customer_writes(shop)
    shop.wait(hours=49)
    shop.round()
    assert letters(shop)[1:] == [(ANNA, "staff")]

    shop.wait(hours=14, minutes=1)
    shop.round()
    assert letters(shop)[2:] == [(CLARA, "late")]
    shop.close()


def test_an_answer_on_the_evening_of_the_day_still_keeps_the_promise_for_the_customer(
    tmp_path: Path,
) -> None:
    told = replace(PROMISE, tell_customer=True, warn_at=None)
    shop = a_shop(tmp_path, time=TimePolicy(promises=((Priority.NORMAL, told),)))
    customer_writes(shop)
    shop.wait(hours=49)
    shop.round()
    staff_answer(shop)
    shop.wait(hours=15)
    shop.round()

    assert letters(shop)[2:] == []
    shop.close()


@pytest.mark.postgresql
def test_a_mail_that_waited_for_other_reasons_raises_no_alarm_as_something_arrives(
    shop: Shop,
) -> None:
    conversation(shop)
    shop.wait(days=3)
    shop.receive()
    while shop.process() or shop.fire():
        pass
    with shop.store.begin() as tx:
        tx.brakes.put_on(shop.desk.mailbox_id, Braking(Brake.FLOOD, "many", shop.at, None))
    shop.wait(hours=2)
    shop.round()
    with shop.store.begin() as tx:
        tx.brakes.release(shop.desk.mailbox_id, shop.at)
    shop.wait(minutes=1)
    shop.write(a_mail("Another matter.", message_id="d@x.example", sender="dan@x.example"))
    assert shop.deliver() == 1

    assert shop.outbox[-1] == "queued"
    assert shop.rows("select event from alert") == []


def test_a_mail_that_waited_for_its_day_raises_no_alarm_for_a_mailbox_just_being_read(
    tmp_path: Path,
) -> None:
    told = replace(PROMISE, tell_customer=True, warn_at=None)
    shop = a_shop(tmp_path, time=TimePolicy(promises=((Priority.NORMAL, told),)))
    customer_writes(shop)
    shop.wait(hours=49)
    shop.round()
    shop.wait(hours=14, minutes=1)
    shop.write(a_mail("Another matter.", message_id="d@x.example", sender="dan@x.example"))
    assert shop.deliver() == 1

    assert shop.rows("select event from alert") == []
    assert letters(shop)[2:] == []
    shop.close()
