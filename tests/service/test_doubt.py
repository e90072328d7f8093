"""Mail that died at the final dot, and what may be concluded from Sent about it."""

import asyncio
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from maildaemon.adapters.sql.outbox import SqlOutbox
from maildaemon.domain.reading import Reading
from maildaemon.errors import MailboxUnavailableError, StoreUnavailableError
from maildaemon.services import deliver
from tests import databases
from tests.service.shop import EXE, Shop, a_mail

# What is decided is the same everywhere; the marked ones bring all statements to PostgreSQL too.
pytestmark = pytest.mark.sqlite

TOOL = (("tool.exe", "application/x-dosexec", EXE),)


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Shop]:
    """A shop whose server is known to file what it sends."""
    opened = Shop(tmp_path, files_sent=True)
    opened.start()
    acknowledge_somebody(opened, "first")
    assert opened.rows("select server_files_sent from mailbox") == [(1,)]
    yield opened
    opened.close()


def acknowledge_somebody(shop: Shop, name: str) -> None:
    shop.write(a_mail(sender=f"{name}@x.example", message_id=f"{name}@x.example", date=shop.at))
    shop.round()
    shop.wait(seconds=61)
    shop.round()
    shop.wait(minutes=20)
    shop.round()


def lose_the_250(shop: Shop, raw: bytes | None = None) -> None:
    """A mail is accepted, and the connection ends before the server says so."""
    shop.transport.plan("DOT", "accept_then_drop")
    shop.write(raw or a_mail(date=shop.at))
    shop.receive()
    while shop.process():
        pass
    shop.deliver()


def let_doubts_end(shop: Shop) -> None:
    for _ in range(6):
        shop.wait(minutes=8)
        shop.round()


def states(shop: Shop) -> list[str]:
    return shop.outbox[1:]


def test_a_copy_that_is_recorded_late_but_not_yet_looked_at_is_waited_for(shop: Shop) -> None:
    lose_the_250(shop)
    shop.wait(minutes=20)
    shop.receive()

    shop.deliver()
    shop.deliver()
    while shop.process():
        pass
    let_doubts_end(shop)

    assert states(shop) == ["sent"]
    assert len(shop.customers_got) == 2


def test_while_sent_cannot_be_read_nothing_is_concluded(shop: Shop) -> None:
    lose_the_250(shop)
    for _ in range(30):
        shop.wait(minutes=2)
        shop.deliver()
        shop.deliver()
    assert states(shop) == ["queued"]

    let_doubts_end(shop)

    assert states(shop) == ["sent"]
    assert len(shop.customers_got) == 2


def test_a_copy_that_the_server_withholds_proves_nothing_by_its_absence(shop: Shop) -> None:
    shop.account.withhold("Sent", 2)
    lose_the_250(shop)
    let_doubts_end(shop)

    assert states(shop) == ["unknown"]
    assert len(shop.customers_got) == 2


@pytest.mark.postgresql
def test_a_parked_message_in_sent_may_be_the_copy(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    lose_the_250(shop)
    real = shop.parser.parse

    def parse(raw: bytes, reading: Reading) -> Any:
        if b"X-Maildaemon-Loop" in raw:
            raise RuntimeError("a bug")
        return real(raw, reading)

    monkeypatch.setattr(shop.parser, "parse", parse)
    let_doubts_end(shop)

    assert shop.rows("select count(*) from inbound where state = 'parked'") == [(1,)]
    assert states(shop) == ["unknown"]
    assert len(shop.customers_got) == 2


def test_a_server_that_files_copies_no_more_proves_nothing_by_their_absence(shop: Shop) -> None:
    shop.files_sent = False
    acknowledge_somebody(shop, "second")

    lose_the_250(shop)
    let_doubts_end(shop)

    assert states(shop) == ["sent", "unknown"]
    assert len(shop.customers_got) == 3


def test_what_was_not_accepted_is_sent_again_where_the_server_files_what_it_accepts(
    shop: Shop,
) -> None:
    shop.transport.plan("DOT", "drop")
    shop.write(a_mail(date=shop.at))
    shop.round()
    let_doubts_end(shop)

    assert states(shop) == ["sent"]
    assert len(shop.customers_got) == 2


def test_a_copy_that_the_server_has_had_no_time_to_file_is_not_held_against_it(shop: Shop) -> None:
    shop.transport.plan("DOT", "drop")
    shop.write(a_mail(date=shop.at))
    shop.round()
    shop.wait(minutes=14)
    shop.files_sent = False
    shop.write(a_mail(sender="second@x.example", message_id="second@x.example", date=shop.at))
    shop.round()
    assert states(shop) == ["queued", "sent"]

    shop.wait(minutes=2)
    shop.round()
    shop.files_sent = True
    let_doubts_end(shop)

    assert states(shop) == ["sent", "sent"]
    assert len(shop.customers_got) == 3


def test_our_own_mail_that_comes_back_to_the_inbox_does_not_show_that_the_server_files_copies(
    tmp_path: Path,
) -> None:
    shop = Shop(tmp_path)
    shop.start()
    shop.write(a_mail())
    shop.receive()
    shop.process()
    shop.deliver()
    # The customer's address forwards everything to ours.
    shop.write(shop.transport.accepted[0].raw)
    shop.round()
    shop.wait(seconds=61)
    shop.round()

    assert shop.rows("select server_files_sent from mailbox") == [(0,)]
    assert len(shop.account.messages("Sent")) == 1
    shop.close()


def test_a_colleague_who_moves_our_copy_out_of_sent_and_back_teaches_nothing(
    tmp_path: Path,
) -> None:
    shop = Shop(tmp_path)
    shop.start()
    acknowledge_somebody(shop, "first")
    assert shop.rows("select server_files_sent from mailbox") == [(0,)]
    shop.wait(hours=2)

    away = shop.account.move("Sent", 1, "Archive")
    shop.round()
    shop.account.move("Archive", away, "Sent")
    shop.round()

    assert shop.rows("select server_files_sent from mailbox") == [(0,)]
    shop.close()


def test_a_server_that_files_its_copy_late_is_recognised_by_the_second_one(
    tmp_path: Path,
) -> None:
    shop = Shop(tmp_path)
    shop.start()
    shop.write(a_mail())
    for _ in range(3):
        shop.round()
        shop.wait(seconds=61)
    assert shop.rows("select server_files_sent from mailbox") == [(0,)]

    shop.account.deliver(shop.transport.accepted[0].raw, "Sent")
    shop.round()

    assert shop.rows("select server_files_sent from mailbox") == [(1,)]
    shop.close()


@pytest.mark.postgresql
def test_a_refusal_in_doubt_is_sent_once_more_and_not_a_third_time(tmp_path: Path) -> None:
    shop = Shop(tmp_path)
    shop.start()
    acknowledge_somebody(shop, "clara")
    shop.transport.always("DOT", "accept_then_drop")
    shop.write(
        a_mail(
            sender="clara@x.example",
            message_id="c2@x.example",
            In_Reply_To="<clara@x.example>",
            date=shop.at,
            files=TOOL,
        )
    )
    for _ in range(3):
        let_doubts_end(shop)

    assert shop.rows("select state, sections, resent from outbox order by id desc limit 1") == [
        ("unknown", '["refused_files"]', 1)
    ]
    assert len(shop.customers_got) == 3
    shop.close()


@pytest.mark.postgresql
def test_a_mail_in_doubt_is_not_sent_again_once_a_person_has_answered(shop: Shop) -> None:
    shop.transport.plan("DOT", "drop")
    shop.write(a_mail(date=shop.at))
    shop.round()
    assert states(shop) == ["queued"]

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
    let_doubts_end(shop)

    assert shop.rows("select state, why from outbox order by id desc limit 1") == [
        ("unknown", "staff_answered")
    ]
    assert len(shop.customers_got) == 1


def test_a_witness_still_shows_that_a_mail_given_up_after_an_answer_was_sent(shop: Shop) -> None:
    lose_the_250(shop)
    shop.write(
        a_mail(
            sender="support@shop.example",
            to="clara@customer.example",
            message_id="staff1@shop.example",
            In_Reply_To="<c1@customer.example>",
            date=shop.at,
        ),
        "Sent",
    )
    let_doubts_end(shop)

    assert states(shop) == ["sent"]
    assert len(shop.customers_got) == 2


def test_when_sent_gets_another_name_doubts_and_copies_still_come_to_an_end(
    tmp_path: Path,
) -> None:
    shop = Shop(tmp_path)
    shop.start()
    lose_the_250(shop)
    shop.account.create("Outgoing")
    shop.account.delete("Sent")
    rename_sent(shop, "Outgoing")
    let_doubts_end(shop)
    assert shop.outbox == ["unknown"]

    shop.write(a_mail(sender="b@x.example", message_id="b@x.example", date=shop.at))
    let_doubts_end(shop)

    assert shop.rows("select state from settlement") == [("done",)]
    assert len(shop.account.messages("Outgoing")) == 1
    shop.close()


@pytest.mark.postgresql
def test_when_sent_is_gone_doubts_and_copies_still_come_to_an_end(tmp_path: Path) -> None:
    shop = Shop(tmp_path)
    shop.start()
    lose_the_250(shop)
    shop.account.delete("Sent")
    rename_sent(shop, None)
    shop.write(a_mail(sender="b@x.example", message_id="b@x.example", date=shop.at))
    let_doubts_end(shop)

    assert shop.outbox == ["unknown", "sent"]
    assert shop.rows("select state from settlement") == [("given_up",)]
    shop.close()


def rename_sent(shop: Shop, name: str | None) -> None:
    from tests.fakes.mailbox import FakeMailbox

    shop.mailbox = FakeMailbox(shop.account, sent=name)


def test_new_numbers_in_sent_while_a_mail_is_in_doubt_hide_no_witness(shop: Shop) -> None:
    lose_the_250(shop)
    shop.wait(minutes=14)
    shop.account.change_uidvalidity("Sent")
    shop.account.fail(MailboxUnavailableError("gone"), on="fetch")
    with pytest.raises(MailboxUnavailableError):
        shop.receive()
    shop.wait(minutes=20)
    shop.deliver()
    let_doubts_end(shop)

    assert states(shop) == ["sent"]
    assert len(shop.customers_got) == 2


def test_a_250_is_written_down_as_soon_as_the_database_can_be_written_again(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = SqlOutbox.sent
    attempts: list[int] = []
    waits: list[float] = []

    def sent(*args: Any) -> None:
        attempts.append(1)
        if len(attempts) < 3:
            raise StoreUnavailableError("database is locked")
        real(*args)

    async def sleep(seconds: float) -> None:
        waits.append(seconds)

    monkeypatch.setattr(SqlOutbox, "sent", sent)
    monkeypatch.setattr(asyncio, "sleep", sleep)
    shop.write(a_mail(date=shop.at))
    shop.receive()
    shop.process()
    shop.deliver()

    assert states(shop) == ["sent"]
    assert waits == [deliver.WRITE_AGAIN_AFTER.total_seconds()] * 2


def test_a_copy_found_before_its_cause_shows_that_the_mail_was_sent(tmp_path: Path) -> None:
    shop = Shop(tmp_path, files_sent=True)
    shop.start()
    backup(shop)
    shop.write(a_mail())
    shop.round()
    assert len(shop.customers_got) == 1

    # The database is restored, and Sent happens to be read before the inbox.
    restore(shop)
    shop.account.withhold("INBOX", 1)
    shop.round()
    shop.account.deliver_withheld("INBOX")
    shop.wait(minutes=5)
    shop.round()

    assert shop.outbox == ["sent"]
    assert len(shop.customers_got) == 1
    shop.close()


def backup(shop: Shop) -> None:
    databases.save(shop.folder)


def restore(shop: Shop) -> None:
    shop.close()
    databases.restore(shop.folder)
    shop.open()


def test_a_copy_of_our_own_in_a_restored_mailbox_does_not_show_that_the_server_files_them(
    tmp_path: Path,
) -> None:
    shop = Shop(tmp_path)
    shop.start()
    acknowledge_somebody(shop, "first")
    backup(shop)
    acknowledge_somebody(shop, "second")
    restore(shop)
    let_doubts_end(shop)

    assert shop.rows("select server_files_sent from mailbox") == [(0,)]
    assert len(shop.customers_got) == 2
    assert len(shop.account.messages("Sent")) == 2
    shop.close()
