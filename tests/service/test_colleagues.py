"""A colleague answers from an account of her own, of which only Sent is read."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from maildaemon.domain.policy import Mode, Reads
from maildaemon.errors import MailboxRefusedError, MailboxUnavailableError
from maildaemon.services.colleague import read_colleague
from maildaemon.services.desk import Desk
from tests.fakes.mailbox import FakeAccount, FakeMailbox
from tests.service.shop import KEY, Shop, a_mail, a_policy

# What is decided is the same everywhere; the marked ones bring all statements to PostgreSQL too.
pytestmark = pytest.mark.sqlite

PRIVATE = "private.example"


class Colleague:
    """Anna's account beside the shop's mailbox."""

    def __init__(self, shop: Shop) -> None:
        self.shop = shop
        self.account = FakeAccount(shop.now)
        self.open()

    def open(self) -> None:
        """Start the process (anew)."""
        shop = self.shop
        with shop.sql.begin() as tx:
            mine = tx.mailboxes.ensure("anna").mailbox_id
        policy = a_policy(mailbox="anna", reads=Reads.SENT_ONLY)
        home = shop.desk.mailbox_id
        self.desk = Desk(mine, policy, KEY, timedelta(days=30), homes=(home,))
        shop.desk = replace(shop.desk, colleagues=((mine, "anna"),))
        self.mailbox = FakeMailbox(self.account)

    def read(self) -> int:
        shop = self.shop
        return read_colleague(
            shop.store, self.mailbox, shop.blobs, shop.parser, self.desk, shop.now
        )

    def answer(self, to: str = "clara@customer.example", cites: str = "c1@customer.example") -> int:
        self.shop.wait(seconds=1)
        raw = a_mail(
            "Dear Clara, it ships today.",
            sender="Anna <anna@shop.example>",
            to=to,
            message_id="anna1@shop.example",
            In_Reply_To=f"<{cites}>",
            date=self.shop.at,
        )
        return self.account.deliver(raw, "Sent", flags=("\\Seen",))

    def write_privately(self, number: int = 1, **fields: str) -> int:
        raw = a_mail(
            "See you at eight, darling.",
            sender="Anna <anna@shop.example>",
            to=f"bob@{PRIVATE}",
            subject="Dinner",
            message_id=f"love{number}@{PRIVATE}",
            date=self.shop.at,
            **fields,  # type: ignore[arg-type]
        )
        return self.account.deliver(raw, "Sent")

    @property
    def cursor(self) -> int:
        rows = self.shop.rows(
            "select last_uid from folder f join mailbox m on m.id = f.mailbox_id "
            "where m.name = 'anna'"
        )
        return int(rows[0][0])


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Shop]:
    opened = Shop(tmp_path)
    opened.start()
    yield opened
    opened.close()


@pytest.fixture
def anna(shop: Shop) -> Colleague:
    colleague = Colleague(shop)
    colleague.read()
    return colleague


def decide_all(shop: Shop) -> None:
    shop.receive()
    while shop.process():
        pass


def deliver_all(shop: Shop) -> None:
    while shop.deliver():
        pass


def everything(shop: Shop, anna: Colleague) -> None:
    decide_all(shop)
    anna.read()
    decide_all(shop)
    deliver_all(shop)


def statuses(shop: Shop) -> list[str]:
    return [row[0] for row in shop.rows("select status from thread order by id")]


@pytest.mark.postgresql
def test_a_colleagues_answer_cancels_what_is_queued(shop: Shop, anna: Colleague) -> None:
    shop.write(a_mail())
    shop.wait(seconds=1)
    decide_all(shop)
    assert shop.outbox == ["queued"]
    anna.answer()
    everything(shop, anna)

    assert shop.outbox == ["cancelled"]
    assert statuses(shop) == ["pending"]
    assert shop.rows("select kind, staff_answer, mailbox_id from message order by id") == [
        ("customer", 0, shop.desk.mailbox_id),
        ("staff", 1, shop.desk.mailbox_id),
    ]


@pytest.mark.postgresql
def test_nothing_of_a_private_mail_is_kept(shop: Shop, anna: Colleague) -> None:
    anna.write_privately(1)
    anna.write_privately(2, In_Reply_To=f"<bob1@{PRIVATE}>")
    shop.write(a_mail())
    for _ in range(3):
        everything(shop, anna)
        shop.wait(seconds=10)

    assert anna.cursor == 2
    assert shop.rows("select count(*) from message where kind = 'staff'") == [(0,)]
    assert shop.rows("select count(*) from earlier") == [(0,)]
    files = [one for one in shop.folder.rglob("*") if one.is_file()]
    kept = b"".join(one.read_bytes() for one in files)
    assert b"clara@customer.example" in kept
    for secret in (b"darling", b"private.example", b"Dinner", b"love1", b"bob"):
        assert secret not in kept


def test_only_headers_of_private_mail_are_fetched(shop: Shop, anna: Colleague) -> None:
    anna.write_privately()
    everything(shop, anna)

    assert ("fetch_headers", "Sent") in anna.account.calls
    assert "fetch" not in [method for method, _ in anna.account.calls]


def test_of_a_colleagues_account_only_sent_is_touched(shop: Shop, anna: Colleague) -> None:
    anna.account.deliver(a_mail(), "INBOX")
    everything(shop, anna)

    assert {folder for _, folder in anna.account.calls} == {"", "Sent"}
    assert shop.rows("select count(*) from message") == [(0,)]


def test_an_answer_that_is_seen_before_its_question_is_not_missed(
    shop: Shop, anna: Colleague
) -> None:
    """The daemon was down while both were written."""
    shop.wait(hours=2)
    shop.write(a_mail(date=shop.at))
    anna.answer()
    shop.wait(hours=1)
    anna.read()
    shop.wait(seconds=5)
    anna.read()
    assert anna.cursor == 0

    everything(shop, anna)

    assert shop.outbox == ["cancelled"]
    assert statuses(shop) == ["pending"]


def test_what_waits_for_its_question_waits_through_a_restart(shop: Shop, anna: Colleague) -> None:
    shop.write(a_mail())
    anna.answer()
    anna.read()
    shop.close()
    shop.open()
    anna.open()
    shop.wait(hours=1)
    everything(shop, anna)

    assert shop.outbox == ["cancelled"]


def test_no_mail_goes_out_before_the_colleagues_account_was_read_since_it_was_decided(
    shop: Shop, anna: Colleague
) -> None:
    shop.write(a_mail())
    anna.read()
    shop.wait(seconds=1)
    decide_all(shop)
    shop.wait(seconds=1)
    decide_all(shop)
    deliver_all(shop)
    assert shop.outbox == ["queued"]

    anna.read()
    deliver_all(shop)
    assert shop.outbox == ["sent"]


def test_an_answer_that_is_recorded_but_not_processed_is_waited_for(
    shop: Shop, anna: Colleague
) -> None:
    shop.write(a_mail())
    decide_all(shop)
    anna.answer()
    anna.read()
    deliver_all(shop)
    assert shop.outbox == ["queued"]

    decide_all(shop)
    deliver_all(shop)
    assert shop.outbox == ["cancelled"]


def test_while_the_account_cannot_be_read_a_mail_waits_for_an_hour_and_no_longer(
    shop: Shop, anna: Colleague, caplog: pytest.LogCaptureFixture
) -> None:
    anna.account.refusal = MailboxUnavailableError("gone")
    shop.wait(seconds=1)
    shop.write(a_mail())
    for _ in range(60):
        with pytest.raises(MailboxUnavailableError):
            anna.read()
        decide_all(shop)
        deliver_all(shop)
        shop.wait(minutes=1)
    assert shop.outbox == ["queued"]
    assert "sent.unread" not in [one.message for one in caplog.records]

    shop.wait(minutes=1)
    decide_all(shop)
    deliver_all(shop)
    assert shop.outbox == ["sent"]
    assert "sent.unread" in [one.message for one in caplog.records]


def test_drafts_wait_for_colleagues_as_well(tmp_path: Path) -> None:
    shop = Shop(tmp_path, mode=Mode.DRAFTS)
    shop.start()
    anna = Colleague(shop)
    anna.read()
    shop.wait(seconds=1)
    shop.write(a_mail())
    decide_all(shop)
    shop.settle()
    assert shop.account.messages("Drafts") == []
    anna.answer()
    everything(shop, anna)
    shop.wait(minutes=1)
    shop.settle()
    assert shop.account.messages("Drafts") == []
    assert shop.outbox == ["cancelled"]
    shop.close()


def test_a_forward_to_a_supplier_is_recorded_and_answers_nobody(
    shop: Shop, anna: Colleague
) -> None:
    shop.write(a_mail())
    decide_all(shop)
    anna.answer(to="parts@supplier.example")
    everything(shop, anna)

    assert statuses(shop) == ["open"]
    assert shop.outbox == ["sent"]
    assert shop.rows("select kind, staff_answer from message where kind = 'staff'") == [
        ("staff", 0)
    ]


def test_the_cursor_does_not_wait_for_what_answers_nothing(shop: Shop, anna: Colleague) -> None:
    anna.write_privately(1)
    anna.read()
    assert anna.cursor == 1


@pytest.mark.postgresql
def test_what_nobody_asked_is_forgotten_once_everything_was_read_and_decided(
    shop: Shop, anna: Colleague
) -> None:
    anna.write_privately(1, In_Reply_To=f"<bob1@{PRIVATE}>")
    shop.wait(seconds=1)
    anna.read()
    anna.read()
    assert anna.cursor == 0
    shop.wait(seconds=5)
    shop.receive()
    anna.read()
    assert anna.cursor == 1
    assert shop.rows("select held_uid, held_since from folder where held_uid is not null") == []


def test_nothing_is_forgotten_while_a_question_waits_to_be_processed(
    shop: Shop, anna: Colleague
) -> None:
    anna.write_privately(1, In_Reply_To=f"<bob1@{PRIVATE}>")
    anna.read()
    shop.write(a_mail())
    shop.wait(seconds=5)
    shop.receive()
    anna.read()
    assert anna.cursor == 0
    shop.process()
    anna.read()
    assert anna.cursor == 1


def test_a_stream_of_private_answers_does_not_hold_the_cursor_for_ever(
    shop: Shop, anna: Colleague
) -> None:
    for number in range(1, 11):
        anna.write_privately(number, In_Reply_To=f"<bob{number}@{PRIVATE}>")
        anna.read()
        shop.wait(seconds=5)
        shop.receive()
    anna.read()

    assert anna.cursor >= 9


def test_an_answer_behind_a_private_mail_that_waits_counts_at_once(
    shop: Shop, anna: Colleague
) -> None:
    shop.write(a_mail())
    decide_all(shop)
    anna.write_privately(1, In_Reply_To=f"<bob1@{PRIVATE}>")
    anna.answer()
    assert anna.read() == 1
    assert anna.read() == 0
    assert anna.cursor == 0
    decide_all(shop)
    deliver_all(shop)

    assert shop.outbox == ["cancelled"]


def test_what_the_colleague_wrote_before_the_first_start_is_left_alone(shop: Shop) -> None:
    colleague = Colleague(shop)
    colleague.write_privately(1)
    colleague.answer()
    shop.write(a_mail())
    everything(shop, colleague)

    assert colleague.cursor == 2
    assert "fetch_headers" not in [method for method, _ in colleague.account.calls]


def test_new_numbers_in_the_colleagues_folder_lose_and_double_nothing(
    shop: Shop, anna: Colleague
) -> None:
    shop.write(a_mail())
    everything(shop, anna)
    anna.answer()
    everything(shop, anna)
    anna.account.change_uidvalidity("Sent")
    for _ in range(3):
        everything(shop, anna)
        shop.wait(seconds=10)

    assert shop.rows("select kind from message where kind != 'own' order by id") == [
        ("customer",),
        ("staff",),
    ]
    assert shop.rows("select count(*) from brake") == [(0,)]


def test_an_answer_that_the_server_withholds_is_asked_for_again(
    shop: Shop, anna: Colleague
) -> None:
    shop.write(a_mail())
    decide_all(shop)
    uid = anna.answer()
    anna.account.withhold("Sent", uid)
    anna.read()
    assert anna.cursor == uid
    anna.account.deliver_withheld("Sent")
    shop.wait(minutes=2)
    everything(shop, anna)

    assert shop.outbox == ["cancelled"]
    assert shop.rows("select state from gap") == [("closed",)]


def test_a_private_mail_that_was_withheld_is_forgotten_as_well(shop: Shop, anna: Colleague) -> None:
    uid = anna.write_privately()
    anna.account.withhold("Sent", uid)
    anna.read()
    anna.account.deliver_withheld("Sent")
    shop.wait(minutes=2)
    everything(shop, anna)

    assert shop.rows("select state from gap") == [("closed",)]
    assert shop.rows("select count(*) from message") == [(0,)]


@pytest.mark.postgresql
def test_our_own_mail_in_a_colleagues_folder_is_no_witness(shop: Shop, anna: Colleague) -> None:
    shop.write(a_mail())
    everything(shop, anna)
    [sent] = shop.transport.accepted
    anna.account.deliver(sent.raw, "Sent")
    everything(shop, anna)

    assert shop.rows("select filed_at from outbox") == [(None,)]
    assert shop.rows("select count(*) from message where kind = 'own'") == [(0,)]


def test_an_account_without_sent_is_an_operators_matter(shop: Shop, anna: Colleague) -> None:
    anna.mailbox = FakeMailbox(anna.account, sent=None)
    with pytest.raises(MailboxRefusedError, match="no folder of sent mail"):
        anna.read()


@pytest.mark.postgresql
def test_an_answer_is_found_in_the_mailbox_whose_customer_gets_it(tmp_path: Path) -> None:
    shop = Shop(tmp_path)
    shop.start()
    anna = Colleague(shop)
    with shop.sql.begin() as tx:
        sales = tx.mailboxes.ensure("sales").mailbox_id
    anna.desk = replace(anna.desk, homes=(sales, shop.desk.mailbox_id))
    anna.read()
    shop.write(a_mail())
    decide_all(shop)
    anna.answer()
    anna.read()
    decide_all(shop)

    assert shop.rows("select mailbox_id from message where kind = 'staff'") == [
        (shop.desk.mailbox_id,)
    ]
    shop.close()
