"""A date that a customer was told stays, whatever becomes of the conversation or the policy."""

from dataclasses import replace
from datetime import UTC, timedelta
from pathlib import Path

import pytest

from maildaemon.adapters.sql.listings import read_listings
from maildaemon.domain.brakes import Brake, Braking
from maildaemon.domain.figures import Figures, add_up
from maildaemon.domain.policy import Mode
from maildaemon.domain.spans import parse_span
from maildaemon.domain.threads import Status
from maildaemon.domain.timepolicy import EscalationStep, Promise, TimePolicy
from maildaemon.domain.understanding import Priority
from maildaemon.services.by_hand import merge, split
from tests.service.shop import Shop
from tests.service.test_time_passes import (
    MONDAY,
    a_shop,
    customer_writes,
    letters,
    staff_answer,
)

# What is decided is the same everywhere; the marked ones bring all statements to PostgreSQL too.
pytestmark = pytest.mark.sqlite

TIME = TimePolicy(promises=((Priority.NORMAL, Promise(first_reply=parse_span("48 hours"))),))
SLOWER = TimePolicy(promises=((Priority.NORMAL, Promise(first_reply=parse_span("90 hours"))),))


def deadlines(shop: Shop) -> list[str]:
    """Return when answers are due, day and hour."""
    rows = shop.rows("select due_at from timer where kind='late' and state='armed' order by due_at")
    return [str(row[0])[8:13] for row in rows]


def now_promised(shop: Shop, time: TimePolicy) -> None:
    shop.close()
    shop.policy = replace(shop.policy, time=time)
    shop.open()
    shop.round()


def two_conversations(folder: Path) -> tuple[Shop, str, str]:
    """Return a shop that promised an answer by Wednesday at nine, and one by Wednesday at ten."""
    shop = a_shop(folder, time=TIME)
    customer_writes(shop, subject="The ring")
    shop.wait(hours=1)
    customer_writes(shop, subject="The clasp", message_id="c2@customer.example")
    (one,), (other,) = shop.rows("select reference from thread order by id")
    assert deadlines(shop) == ["25 09", "25 10"]
    now_promised(shop, SLOWER)
    assert deadlines(shop) == ["25 09", "25 10"]
    return shop, str(one), str(other)


def put_together(shop: Shop, source: str, target: str) -> None:
    with shop.store.begin() as tx:
        one, other = tx.by_hand.thread(source), tx.by_hand.thread(target)
        assert one is not None
        assert other is not None
        merge(tx, one, other, "anna", shop.at)
    shop.round()


def test_of_two_conversations_that_become_one_the_first_date_holds(tmp_path: Path) -> None:
    shop, one, other = two_conversations(tmp_path)
    put_together(shop, one, other)
    assert deadlines(shop) == ["25 09"]

    with shop.store.begin() as tx:
        source, target = tx.by_hand.thread(one), tx.by_hand.thread(other)
        assert source is not None
        assert target is not None
        split(tx, source, target, "anna", shop.at)
    shop.round()
    assert deadlines(shop) == ["25 09", "25 10"]
    shop.close()


def test_an_earlier_date_holds_though_it_was_told_in_the_later_conversation(
    tmp_path: Path,
) -> None:
    hasty = Promise(first_reply=parse_span("4 hours"))
    shop = a_shop(tmp_path, time=TIME)
    customer_writes(shop, subject="The ring")
    shop.wait(hours=1)
    now_promised(shop, TimePolicy(promises=((Priority.NORMAL, hasty),)))
    customer_writes(shop, subject="The clasp", message_id="c2@customer.example")
    assert deadlines(shop) == ["23 14", "25 09"]

    (one,), (other,) = shop.rows("select reference from thread order by id")
    put_together(shop, str(other), str(one))
    assert deadlines(shop) == ["23 14"]
    shop.close()


def test_after_an_answer_a_date_from_before_it_says_nothing_any_more(tmp_path: Path) -> None:
    shop, one, other = two_conversations(tmp_path)
    put_together(shop, other, one)
    staff_answer(shop)
    shop.round()
    shop.wait(hours=1)
    customer_writes(
        shop, message_id="c3@customer.example", In_Reply_To="<a1@shop.example>", body="And when?"
    )

    assert deadlines(shop) == []  # nothing is promised for later replies
    shop.close()


@pytest.mark.postgresql
def test_a_date_in_an_acknowledgement_that_never_left_was_not_told(tmp_path: Path) -> None:
    shop = a_shop(tmp_path, time=TIME)
    shop.transport.always("RCPT", "554 no")
    customer_writes(shop)
    assert shop.outbox == ["failed"]

    now_promised(shop, SLOWER)
    assert deadlines(shop) == ["27 03"]
    shop.close()


def test_a_date_that_an_escalation_only_rehearses_is_told_to_nobody(tmp_path: Path) -> None:
    step = EscalationStep(
        ("senior@shop.example",),
        after=parse_span("1 hour"),
        answer_within=parse_span("200 hours"),
        tell_customer=True,
    )
    for mode, expected in ((Mode.LIVE, ["01 18"]), (Mode.SHADOW, ["25 09"])):
        shop = a_shop(tmp_path / mode, time=replace(TIME, escalation=(step,)), mode=mode)
        customer_writes(shop)
        shop.wait(hours=1)
        _spoken_to(shop)
        shop.round()
        assert deadlines(shop)[:1] == expected, mode
        shop.close()


def _spoken_to(shop: Shop) -> None:
    with shop.store.begin() as tx:
        tx.records.acknowledged(1, shop.at)


@pytest.mark.postgresql
def test_what_a_customer_was_told_is_shown_with_the_conversation(tmp_path: Path) -> None:
    shop = a_shop(tmp_path, time=TIME)
    customer_writes(shop)

    with read_listings(shop.sql) as listings:
        (line,) = listings.threads(mailbox_name=None, limit=None)
    assert line.promised_at == MONDAY + timedelta(hours=48)
    assert line.status == Status.OPEN.value
    shop.close()


def figures(shop: Shop) -> Figures:
    since, until = MONDAY - timedelta(days=1), shop.at + timedelta(days=1)
    with read_listings(shop.sql) as listings:
        told = listings.chronicle(shop.desk.mailbox_id, shop.policy, since, until, shop.at)
    return add_up([(shop.policy, told)], since, until, shop.at, UTC)


@pytest.mark.postgresql
def test_a_report_judges_each_promise_by_the_date_that_was_told_for_it(tmp_path: Path) -> None:
    step = EscalationStep(
        ("senior@shop.example",), answer_within=parse_span("48 hours"), tell_customer=True
    )
    shop = a_shop(tmp_path, time=replace(TIME, escalation=(step,)))
    customer_writes(shop)
    shop.wait(hours=50)
    staff_answer(shop)
    shop.round()
    customer_writes(
        shop, message_id="c2@customer.example", In_Reply_To="<a1@shop.example>", body="No. When?"
    )
    now_promised(shop, SLOWER)

    # Broken: two days were told, and four are promised by now. The senior has two from now on.
    promises = figures(shop).promises
    assert (promises.kept, promises.broken, promises.pending) == (0, 1, 1)
    shop.close()


def test_a_report_counts_everybody_who_waits(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("maildaemon.adapters.sql.overview._MOST", 1)
    shop, _, _ = two_conversations(tmp_path)

    assert [one.subject for one in figures(shop).waiting] == ["The ring", "The clasp"]
    shop.close()


@pytest.mark.postgresql
def test_without_promises_no_date_is_named(tmp_path: Path) -> None:
    shop = a_shop(tmp_path, time=TimePolicy())
    customer_writes(shop)

    body = shop.customers_got[0].get_body(("plain",))
    assert body is not None
    assert "2026" not in body.get_content()
    assert shop.rows("select event from event where event = 'date_named'") == []
    shop.close()


def test_what_is_promised_for_a_day_that_is_over_is_not_sent_any_more(tmp_path: Path) -> None:
    hasty = TimePolicy(promises=((Priority.NORMAL, Promise(first_reply=parse_span("2 hours"))),))
    shop = a_shop(tmp_path, time=hasty)
    with shop.store.begin() as tx:
        tx.brakes.put_on(shop.desk.mailbox_id, Braking(Brake.FLOOD, "many", shop.at, None))
    customer_writes(shop)
    shop.wait(hours=3)
    with shop.store.begin() as tx:
        tx.brakes.release(shop.desk.mailbox_id, shop.at)
    shop.round()

    assert shop.outbox[0] == "expired"
    assert not any(to == "clara@customer.example" for to, _ in letters(shop))
    shop.close()
