"""One look tells who has something to do."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import event

from maildaemon.domain.opening import Hours
from maildaemon.domain.spans import parse_span
from maildaemon.domain.timepolicy import FollowUpStep, TimePolicy
from maildaemon.ports.brakes import Alarm
from maildaemon.services.receive import backfill
from tests.service.shop import START, Shop, a_mail

pytestmark = [pytest.mark.sqlite, pytest.mark.postgresql, pytest.mark.mariadb]

FOLLOW_UP = FollowUpStep(parse_span("3 days"), "follow_up")


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Shop]:
    opened = Shop(tmp_path)
    opened.start()
    yield opened
    opened.close()


def due(shop: Shop, *others: int) -> set[str]:
    """Return whose turn it is."""
    ids = (shop.desk.mailbox_id, *others)
    with shop.store.read() as tx:
        found = tx.due.queues(ids, shop.now())
    assert {mailbox_id for mailbox_id, _ in found} <= {shop.desk.mailbox_id}
    return {step for _, step in found}


def test_each_queue_calls_for_its_step_and_for_nobody_else(shop: Shop) -> None:
    assert due(shop) == set()

    shop.write(a_mail())
    shop.receive()
    assert due(shop) == {"process"}

    shop.process()
    assert due(shop) == {"fire", "deliver"}

    while shop.fire():
        pass
    assert due(shop) == {"deliver"}

    shop.deliver()
    while shop.fire():
        pass
    shop.wait(minutes=15)
    assert due(shop) == {"settle"}

    while shop.settle():
        pass
    shop.receive()
    shop.process()
    assert due(shop) - {"fire"} == set()


def test_time_alone_calls_for_whoever_fires(tmp_path: Path) -> None:
    ladder = TimePolicy(follow_up=(FOLLOW_UP,))
    shop = Shop(tmp_path, time=ladder, hours=Hours())
    shop.start()
    shop.write(a_mail())
    for _ in range(3):
        shop.round()
    answer = a_mail(
        "Which size do you want?",
        sender="Anna <support@shop.example>",
        to="clara@customer.example",
        message_id="a1@shop.example",
        In_Reply_To="<c1@customer.example>",
        date=shop.at,
    )
    shop.write(answer, "Sent")
    for _ in range(3):
        shop.round()
    assert "fire" not in due(shop)

    shop.wait(days=3)

    assert "fire" in due(shop)
    shop.close()


def test_what_is_imported_calls_as_well(tmp_path: Path) -> None:
    shop = Shop(tmp_path)
    shop.write(a_mail(), at=START - timedelta(days=3))
    shop.start()
    since = START - timedelta(days=30)
    backfill(shop.store, shop.mailbox, shop.blobs, shop.desk, since, shop.now, lambda *_: None)

    assert due(shop) == {"process"}
    shop.close()


def test_all_mailboxes_are_asked_for_at_once(shop: Shop) -> None:
    with shop.store.begin() as tx:
        others = [tx.mailboxes.ensure(f"other{number}").mailbox_id for number in range(50)]
    shop.write(a_mail())
    shop.receive()
    due(shop, *others)
    statements = list[str]()

    @event.listens_for(shop.sql.engine, "before_cursor_execute")
    def _count(*given: object) -> None:
        statements.append(str(given[2]))

    assert due(shop, *others) == {"process"}
    assert len([one for one in statements if "SELECT" in one]) == 1


def test_an_alarm_calls_for_whoever_tells_it(shop: Shop) -> None:
    def alarms() -> bool:
        with shop.store.read() as tx:
            return tx.due.alarms(shop.at)

    assert not alarms()

    with shop.store.begin() as tx:
        tx.alerts.raise_alarm(Alarm("disk.full", None, "full"), shop.at)
    assert alarms()

    with shop.store.begin() as tx:
        tx.alerts.spread_alarms(("webhook",), shop.at)
        row = tx.alerts.claim_alert("webhook", shop.at, shop.at + timedelta(minutes=2))
    assert row is not None
    assert not alarms()

    shop.wait(minutes=2)
    assert alarms()
