"""A person who has answered, in whatever program, is not followed by an automatic mail."""

from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from maildaemon.errors import MailboxUnavailableError, TransportUnavailableError
from maildaemon.ports.store import Transaction
from maildaemon.services.answers import may_be_answered
from tests.fakes.mailbox import FakeMailbox
from tests.service.shop import Shop, a_mail

# What is decided is the same everywhere.
pytestmark = pytest.mark.sqlite


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Shop]:
    opened = Shop(tmp_path)
    opened.start()
    yield opened
    opened.close()


def answer(shop: Shop) -> None:
    shop.write(
        a_mail(
            "Dear Clara, it ships today.",
            sender="support@shop.example",
            to="clara@customer.example",
            message_id="staff1@shop.example",
            In_Reply_To="<c1@customer.example>",
            date=shop.at,
        ),
        "Sent",
    )


def while_sent_is_unread(shop: Shop, work: Callable[[], None]) -> None:
    """Do something after the inbox was recorded and before Sent is looked at."""
    real = shop.mailbox.examine

    def examine(folder: str):  # type: ignore[no-untyped-def]
        if folder == "Sent":
            work()
        return real(folder)

    shop.mailbox.examine = examine  # type: ignore[method-assign]
    shop.receive()
    shop.mailbox.examine = real  # type: ignore[method-assign]


def work_off(shop: Shop) -> None:
    while shop.process():
        pass
    while shop.deliver():
        pass


def test_what_staff_answered_while_the_daemon_was_down_is_not_acknowledged(shop: Shop) -> None:
    shop.write(a_mail())
    shop.wait(minutes=30)
    answer(shop)
    shop.wait(minutes=30)

    while_sent_is_unread(shop, lambda: work_off(shop))
    work_off(shop)

    assert shop.outbox == ["cancelled"]
    assert shop.customers_got == []


def test_an_answer_that_is_recorded_but_not_read_yet_is_waited_for(shop: Shop) -> None:
    shop.write(a_mail())
    shop.wait(seconds=1)
    shop.receive()
    shop.process()
    answer(shop)
    shop.wait(seconds=1)
    shop.receive()

    assert shop.deliver() == 0
    work_off(shop)

    assert shop.outbox == ["cancelled"]
    assert shop.customers_got == []


def test_an_answer_that_is_being_read_is_waited_for_unless_its_reader_has_died(
    shop: Shop,
) -> None:
    shop.write(a_mail())
    shop.wait(seconds=1)
    shop.receive()
    shop.process()
    answer(shop)
    shop.wait(seconds=1)
    shop.receive()
    batch = shop.a_batch()
    assert batch.take() == 1

    assert shop.deliver() == 0
    shop.wait(minutes=4)
    assert shop.deliver() == 0

    with shop.store.begin() as tx:
        assert may_be_unseen(shop, tx)
        tx.brakes.begun(shop.desk.mailbox_id, shop.now())  # it is started anew
        assert not may_be_unseen(shop, tx)


def may_be_unseen(shop: Shop, tx: Transaction) -> bool:
    """Tell whether a person may have answered what came five minutes ago."""
    at, now = shop.now() - timedelta(minutes=5), shop.now()
    return may_be_answered(tx, shop.desk, cause_recorded_at=at, queued_at=at, due_at=at, now=now)


def test_while_sent_cannot_be_read_a_mail_waits_for_an_hour_at_most(shop: Shop) -> None:
    shop.write(a_mail())

    def gone(folder: str):  # type: ignore[no-untyped-def]
        if folder == "Sent":
            raise MailboxUnavailableError("gone")
        return real(folder)

    real = shop.mailbox.examine
    shop.mailbox.examine = gone  # type: ignore[method-assign]
    for _ in range(60):
        with pytest.raises(MailboxUnavailableError):
            shop.receive()
        work_off(shop)
        assert shop.customers_got == []
        shop.wait(minutes=1)

    shop.wait(minutes=1)
    work_off(shop)

    assert len(shop.customers_got) == 1


def test_where_there_is_no_folder_for_sent_mail_nothing_is_waited_for(tmp_path: Path) -> None:
    shop = Shop(tmp_path)
    shop.mailbox = FakeMailbox(shop.account, sent=None)
    shop.start()
    shop.write(a_mail())
    shop.receive()
    work_off(shop)

    assert shop.outbox == ["sent"]
    shop.close()


def test_mail_in_a_further_folder_is_acknowledged_in_the_same_look(tmp_path: Path) -> None:
    shop = Shop(tmp_path)
    shop.account.create("Orders")
    shop.mailbox = FakeMailbox(shop.account, others=("Orders",))
    shop.start()
    shop.write(a_mail(), "Orders")
    ticking(shop)
    shop.receive()
    work_off(shop)

    assert shop.outbox == ["sent"]
    shop.close()


def ticking(shop: Shop) -> None:
    """Let time pass with every call to the server."""
    real = shop.mailbox.examine

    def examine(folder: str):  # type: ignore[no-untyped-def]
        shop.at += timedelta(milliseconds=10)
        return real(folder)

    shop.mailbox.examine = examine  # type: ignore[method-assign]


def test_after_a_restored_database_the_copy_in_sent_is_read_before_anything_is_sent_again(
    tmp_path: Path,
) -> None:
    from tests.service.test_doubt import backup, restore

    shop = Shop(tmp_path, files_sent=True)
    shop.start()
    backup(shop)
    shop.write(a_mail())
    shop.round()
    assert len(shop.customers_got) == 1

    restore(shop)
    while_sent_is_unread(shop, lambda: work_off(shop))
    work_off(shop)

    assert shop.outbox == ["sent"]
    assert len(shop.customers_got) == 1
    shop.close()


@pytest.mark.parametrize("fault", ["451 later", "550 no", "drop"])
def test_an_answer_while_the_server_refuses_the_mail_is_no_trouble(
    shop: Shop, monkeypatch: pytest.MonkeyPatch, fault: str
) -> None:
    shop.write(a_mail())
    shop.receive()
    shop.process()
    answer(shop)
    shop.transport.plan("RCPT", fault)
    real = shop.transport._fault

    def answered_meanwhile(verb: str) -> str:
        if verb == "RCPT":
            with shop.store.begin() as tx:
                tx.outbox.cancel_thread(1, "staff_answered", shop.now())
        return real(verb)

    monkeypatch.setattr(shop.transport, "_fault", answered_meanwhile)
    if fault == "drop":
        with pytest.raises(TransportUnavailableError):
            shop.deliver()
    else:
        assert shop.deliver() == 1

    assert shop.outbox == ["cancelled"]
