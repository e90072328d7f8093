"""Timed mail waits while it is not certain that nobody has answered; after an hour that is told."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from maildaemon.domain.message import Parsed
from maildaemon.domain.policy import Rate
from maildaemon.domain.reading import Reading
from maildaemon.services import deliver
from maildaemon.services.last_look import Look
from tests.service.shop import Shop, a_mail
from tests.service.test_time_passes import a_shop, conversation, letters, staff_answer

# What is decided is the same everywhere; the marked ones bring all statements to PostgreSQL too.
pytestmark = pytest.mark.sqlite


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Shop]:
    opened = a_shop(tmp_path)
    conversation(opened)
    opened.wait(days=3)
    opened.receive()
    while opened.process() or opened.fire():
        pass
    assert opened.outbox[-1] == "queued"
    yield opened
    opened.close()


def alarms(shop: Shop) -> list[str]:
    return [str(row[0]) for row in shop.rows("select event from alert")]


@pytest.mark.postgresql
def test_a_message_in_sent_that_the_server_withholds_keeps_the_reminder_back(shop: Shop) -> None:
    staff_answer(shop, "a2@shop.example")
    shop.account.withhold("Sent", max(one.uid for one in shop.account.messages("Sent")))
    shop.wait(minutes=1)
    shop.round()
    assert (shop.outbox[-1], alarms(shop)) == ("queued", [])

    for _ in range(7):
        shop.wait(minutes=10)
        shop.round()
    assert (shop.outbox[-1], alarms(shop)) == ("queued", ["mail.unseen"])
    assert len(letters(shop)) == 1

    shop.account.deliver_withheld("Sent")
    shop.wait(hours=1)
    shop.round()
    assert shop.outbox[-1] == "cancelled"


@pytest.mark.parametrize(("days", "sent"), [(1, []), (0, ["follow_up"])])
def test_only_what_is_withheld_since_the_silence_began_may_be_an_answer(
    tmp_path: Path, days: int, sent: list[str]
) -> None:
    shop = a_shop(tmp_path)
    if not days:
        withhold_an_answer(shop)
        shop.wait(minutes=1)
    conversation(shop)
    if days:
        shop.wait(days=1)
        withhold_an_answer(shop)
    shop.wait(days=3)
    shop.round()

    assert [kind for _, kind in letters(shop)[1:]] == sent
    shop.close()


def withhold_an_answer(shop: Shop) -> None:
    """Have Sent list a message that it does not give out, and let it be seen."""
    staff_answer(shop, "a0@shop.example")
    shop.account.withhold("Sent", max(one.uid for one in shop.account.messages("Sent")))
    shop.round()


def test_a_mailbox_that_cannot_be_looked_at_keeps_the_reminder_back(shop: Shop) -> None:
    async def unreachable(_: object) -> Look:
        return Look.UNREACHABLE

    shop._look = unreachable  # type: ignore[method-assign,assignment]
    for minutes in (1, 30, 20):
        shop.wait(minutes=minutes)
        shop.deliver()
    assert (shop.outbox[-1], alarms(shop)) == ("queued", [])
    shop.wait(minutes=20)
    shop.deliver()

    assert (shop.outbox[-1], alarms(shop)) == ("queued", ["mail.unseen"])


def test_a_message_in_sent_that_cannot_be_processed_keeps_the_reminder_back(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = shop.parser.parse

    def parse(raw: bytes, reading: Reading) -> Parsed:
        if b"a2@shop.example" in raw:
            raise RuntimeError("a bug")
        return real(raw, reading)

    monkeypatch.setattr(shop.parser, "parse", parse)
    staff_answer(shop, "a2@shop.example")
    for _ in range(8):
        shop.wait(minutes=10)
        shop.round()

    assert shop.rows("select count(*) from inbound where state = 'parked'") == [(1,)]
    assert (shop.outbox[-1], len(letters(shop))) == ("queued", 1)
    assert "mail.unseen" in alarms(shop)


def test_what_the_server_withholds_from_the_inbox_keeps_nothing_back(shop: Shop) -> None:
    uid = shop.write(a_mail(message_id="d@x.example", sender="dan@x.example", date=shop.at))
    shop.account.withhold("INBOX", uid)
    shop.wait(minutes=1)
    shop.round()

    assert letters(shop)[1:] == [("clara@customer.example", "follow_up")]


def test_of_many_reminders_that_are_due_at_once_so_many_go_at_a_time(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert Rate(20, timedelta(minutes=10)) == deliver.TIMED_RATE
    monkeypatch.setattr(deliver, "TIMED_RATE", Rate(1, timedelta(minutes=10)))
    ask_and_answer(shop, "dan")
    ask_and_answer(shop, "eve")
    shop.wait(days=3)
    shop.round()
    first = reminders(shop)

    shop.wait(minutes=9)
    shop.round()
    assert (first, reminders(shop)) == (["dan"], ["dan"])
    shop.wait(minutes=2)
    shop.round()
    assert reminders(shop) == ["dan", "eve"]


def ask_and_answer(shop: Shop, name: str) -> None:
    address, asked = f"{name}@x.example", f"{name}@x.example"
    shop.write(a_mail(sender=address, message_id=asked, date=shop.at, subject=f"Of {name}"))
    shop.round()
    shop.wait(minutes=1)
    answer = a_mail(
        "It is on its way.",
        sender="support@shop.example",
        to=address,
        message_id=f"a-{name}@shop.example",
        In_Reply_To=f"<{asked}>",
        date=shop.at,
    )
    shop.write(answer, "Sent")
    shop.round()


def reminders(shop: Shop) -> list[str]:
    """Return who was reminded, but for Clara."""
    told = (to.partition("@")[0] for to, what in letters(shop) if what == "follow_up")
    return [name for name in told if name != "clara"]
