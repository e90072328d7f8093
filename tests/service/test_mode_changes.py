"""Another mode holds for what is queued already: nothing goes out, or is put, that it forbids."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from maildaemon.domain.delivery import Section
from maildaemon.domain.policy import Mode
from tests.service.shop import EXE, Shop, a_mail, a_policy

# What is decided is the same everywhere.
pytestmark = pytest.mark.sqlite


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Shop]:
    opened = Shop(tmp_path)
    opened.start()
    yield opened
    opened.close()


def reload(shop: Shop, **policy: object) -> None:
    shop.close()
    shop.policy = a_policy(**policy)
    shop.open()
    shop.wait(minutes=6)


def queue(shop: Shop) -> None:
    shop.write(a_mail())
    shop.receive()
    shop.process()


@pytest.mark.parametrize("mode", [Mode.SHADOW, Mode.DRAFTS])
def test_what_was_queued_in_live_mode_is_not_sent_in_another(shop: Shop, mode: Mode) -> None:
    queue(shop)
    reload(shop, mode=mode)
    shop.round()
    shop.wait(hours=1)
    shop.round()

    assert shop.outbox == ["queued"]
    assert shop.customers_got == []
    assert shop.account.messages("Drafts") == []


def test_what_was_queued_is_sent_once_when_the_mode_is_live_again(shop: Shop) -> None:
    queue(shop)
    reload(shop, mode=Mode.DRAFTS)
    shop.round()
    reload(shop, mode=Mode.LIVE)
    shop.round()
    shop.round()

    assert shop.outbox == ["sent"]
    assert len(shop.customers_got) == 1


def test_what_was_queued_expires_if_the_mode_stays_another(shop: Shop) -> None:
    queue(shop)
    reload(shop, mode=Mode.SHADOW)
    shop.round()
    shop.wait(hours=25)
    shop.round()

    assert shop.outbox == ["expired"]
    assert shop.customers_got == []


def test_what_may_not_go_in_its_mode_keeps_nothing_else_waiting(shop: Shop) -> None:
    queue(shop)
    reload(shop, modes=((Section.ACKNOWLEDGEMENT, Mode.DRAFTS),))
    files = (("tool.exe", "application/x-dosexec", EXE),)
    shop.write(
        a_mail(
            sender="dora@customer.example",
            message_id="d1@customer.example",
            date=shop.at,
            In_Reply_To="<unknown@shop.example>",
            files=files,
        )
    )
    shop.round()

    assert shop.outbox == ["queued", "sent"]
    assert [str(mail["To"]) for mail in shop.customers_got] == ["dora@customer.example"]


def test_a_draft_that_was_not_put_yet_is_not_put_in_shadow_mode(tmp_path: Path) -> None:
    shop = Shop(tmp_path, mode=Mode.DRAFTS)
    shop.start()
    queue(shop)
    reload(shop, mode=Mode.SHADOW)
    shop.round()
    assert shop.account.messages("Drafts") == []

    reload(shop, mode=Mode.DRAFTS)
    for _ in range(4):
        shop.wait(seconds=20)
        shop.round()
    assert len(shop.account.messages("Drafts")) == 1
    shop.close()


def test_a_mail_that_died_at_the_dot_in_live_mode_is_still_concluded_in_shadow(shop: Shop) -> None:
    shop.transport.always("DOT", "drop")
    shop.write(a_mail())
    shop.round()
    reload(shop, mode=Mode.SHADOW)
    shop.transport.always("DOT", None)
    shop.wait(minutes=20)
    shop.round()
    shop.wait(minutes=20)
    shop.round()

    assert shop.outbox == ["unknown"]
    assert shop.customers_got == []
