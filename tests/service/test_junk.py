"""What lies in Junk is recorded and left alone; what a person does with it counts."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from maildaemon.domain.by_hand import Unreleasable
from maildaemon.domain.policy import Mode
from maildaemon.services.by_hand import release
from tests.fakes.mailbox import FakeMailbox
from tests.service.shop import EXE, START, Shop, a_mail
from tests.service.test_spine import a_bounce

# What is decided is the same everywhere; the marked ones bring all statements to PostgreSQL too.
pytestmark = pytest.mark.sqlite

FIRST = "<c1@customer.example>"


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Shop]:
    opened = Shop(tmp_path)
    opened.start()
    yield opened
    opened.close()


def kinds(shop: Shop) -> list[tuple[str, str | None, str]]:
    """Return kind and silence of each message, and the status of its thread."""
    return [
        (row[0], row[1], row[2])
        for row in shop.rows(
            "select m.kind, m.silence, coalesce(t.status, '-') from message m "
            "left join thread t on t.id = m.thread_id where m.kind != 'own' order by m.id"
        )
    ]


def decisions(shop: Shop) -> list[str]:
    return [
        row[0]
        for row in shop.rows(
            "select event from event where event like 'message_%' and message_id = 1 order by id"
        )
    ]


def again(at: datetime = START) -> bytes:
    """Clara writes again, in answer to her own mail."""
    return a_mail("Hello?", message_id="c2@customer.example", In_Reply_To=FIRST, date=at)


def staff_answer(shop: Shop) -> None:
    raw = a_mail(
        "It ships today.",
        sender="support@shop.example",
        to="clara@customer.example",
        message_id="staff1@shop.example",
        In_Reply_To=FIRST,
        date=shop.at,
    )
    shop.write(raw, "Sent")


# --- what lies there


def test_what_lies_in_junk_is_recorded_as_spam_and_not_answered(shop: Shop) -> None:
    shop.write(a_mail(), "Junk")
    shop.round()

    assert kinds(shop) == [("spam", "spam", "ignored")]
    assert shop.rows("select in_junk from message") == [(1,)]
    assert shop.customers_got == []


def test_a_bounce_in_junk_is_a_bounce(shop: Shop) -> None:
    shop.write(a_mail())
    shop.round()
    [acknowledgement] = shop.customers_got
    shop.write(a_bounce("clara@customer.example", str(acknowledgement["Message-ID"])), "Junk")
    shop.round()

    assert kinds(shop)[-1][0] == "bounce"
    assert shop.rows("select count(*) from undeliverable") == [(1,)]


def test_who_lies_in_junk_and_asks_again_in_the_inbox_is_acknowledged(shop: Shop) -> None:
    shop.write(a_mail(), "Junk")
    shop.round()
    shop.write(again())
    shop.round()

    assert kinds(shop) == [("spam", "spam", "open"), ("customer", None, "open")]
    assert len(shop.customers_got) == 1


def test_a_person_may_answer_what_still_lies_in_junk(shop: Shop) -> None:
    shop.write(a_mail(), "Junk")
    shop.round()
    staff_answer(shop)
    shop.round()

    assert kinds(shop)[0] == ("spam", "spam", "pending")


@pytest.mark.postgresql
def test_spam_lets_nobody_else_into_a_thread(shop: Shop) -> None:
    shop.write(a_mail(Cc="eve@evil.example"), "Junk")
    shop.round()

    assert shop.rows("select address, role from participant") == [
        ("clara@customer.example", "customer")
    ]


@pytest.mark.postgresql
def test_junk_from_before_the_first_start_is_not_answered_when_it_is_moved(tmp_path: Path) -> None:
    shop = Shop(tmp_path)
    before = START - timedelta(hours=2)
    shop.write(a_mail(date=before), "Junk", at=before)
    shop.start()
    shop.account.move("Junk", 1, "INBOX")
    shop.round()

    assert kinds(shop) == [("customer", "too_old", "open")]
    assert shop.rows("select history from message") == [(1,)]
    shop.close()


def test_what_lay_in_junk_before_the_first_start_makes_its_sender_no_acquaintance(
    tmp_path: Path,
) -> None:
    shop = Shop(tmp_path)
    shop.write(a_mail(message_id="old@x", date=START - timedelta(hours=2)), "Junk")
    shop.start()
    shop.write(a_mail(subject="Buy my pills"))
    shop.round()

    [got] = shop.customers_got
    assert "pills" not in str(got["Subject"])
    shop.close()


@pytest.mark.postgresql
def test_new_numbers_in_junk_need_no_brake(shop: Shop) -> None:
    shop.write(a_mail(), "Junk")
    shop.round()
    shop.account.change_uidvalidity("Junk")
    shop.round()

    assert shop.rows("select count(*) from brake") == [(0,)]
    assert len(kinds(shop)) == 1


# --- out of Junk


@pytest.mark.postgresql
def test_what_a_person_moves_out_of_junk_is_decided_again_as_customer_mail(shop: Shop) -> None:
    exe = (("tool.exe", "application/x-dosexec", EXE),)
    uid = shop.write(a_mail(files=exe, X_Spam_Flag="YES"), "Junk")
    shop.round()
    shop.wait(hours=3)
    shop.account.move("Junk", uid, "INBOX")
    shop.round()
    shop.round()

    assert kinds(shop) == [("customer", None, "open")]
    assert decisions(shop) == ["message_received", "message_decided_again"]
    assert shop.rows("select sections from outbox") == [('["acknowledgement", "refused_files"]',)]
    assert len(shop.customers_got) == 1
    assert shop.rows("select in_junk from message") == [(0,)]


def test_what_comes_out_of_junk_after_a_day_is_too_old_for_a_response(shop: Shop) -> None:
    uid = shop.write(a_mail(), "Junk")
    shop.round()
    shop.wait(hours=25)
    shop.account.move("Junk", uid, "INBOX")
    shop.round()

    assert kinds(shop) == [("customer", "too_old", "open")]
    assert shop.customers_got == []


def test_a_server_that_dates_moved_mail_anew_makes_it_no_younger(shop: Shop) -> None:
    raw = a_mail(date=START + timedelta(days=400))
    uid = shop.write(raw, "Junk")
    shop.round()
    shop.wait(hours=25)
    shop.account.expunge("Junk", uid)
    shop.write(raw)
    shop.round()

    assert kinds(shop) == [("customer", "too_old", "open")]


def test_a_further_folder_is_as_good_as_the_inbox(tmp_path: Path) -> None:
    shop = Shop(tmp_path)
    shop.account.create("Orders")
    shop.mailbox = FakeMailbox(shop.account, others=("Orders",))
    shop.start()
    uid = shop.write(a_mail(), "Junk")
    shop.round()
    shop.account.move("Junk", uid, "Orders")
    shop.round()

    assert kinds(shop) == [("customer", None, "open")]
    assert len(shop.customers_got) == 1
    shop.close()


@pytest.mark.postgresql
def test_a_reply_that_comes_out_of_junk_stands_in_its_thread(shop: Shop) -> None:
    shop.write(a_mail())
    shop.round()
    staff_answer(shop)
    shop.round()
    shop.wait(hours=1)
    uid = shop.write(again(shop.at), "Junk")
    shop.round()
    assert kinds(shop)[-1] == ("spam", "spam", "pending")
    shop.account.move("Junk", uid, "INBOX")
    shop.round()

    assert kinds(shop)[-1] == ("customer", "acknowledged_already", "open")
    assert len(shop.rows("select id from thread")) == 1


def test_a_mail_that_a_person_answered_in_junk_is_not_acknowledged_later(shop: Shop) -> None:
    uid = shop.write(a_mail(), "Junk")
    shop.round()
    shop.wait(minutes=5)
    staff_answer(shop)
    shop.round()
    shop.account.move("Junk", uid, "INBOX")
    shop.round()

    assert kinds(shop)[0] == ("customer", "staff_answered", "pending")
    assert shop.customers_got == []


# --- into Junk, and back


def test_what_a_person_moves_to_junk_before_it_is_answered_is_not_answered(shop: Shop) -> None:
    uid = shop.write(a_mail())
    shop.receive()
    shop.process()
    shop.account.move("INBOX", uid, "Junk")
    shop.receive()
    shop.process()
    shop.deliver()

    assert shop.outbox == ["cancelled"]
    assert kinds(shop) == [("spam", "spam", "ignored")]
    assert shop.customers_got == []
    assert shop.rows("select count(*) from ledger") == [(0,)]


def test_what_comes_back_from_junk_gets_the_one_acknowledgement_it_missed(shop: Shop) -> None:
    uid = shop.write(a_mail())
    shop.receive()
    shop.process()
    uid = shop.account.move("INBOX", uid, "Junk")
    shop.round()
    assert shop.customers_got == []
    shop.wait(hours=1)
    shop.account.move("Junk", uid, "INBOX")
    shop.round()
    shop.wait(hours=1)
    shop.round()

    assert kinds(shop) == [("customer", None, "open")]
    assert shop.outbox == ["sent"]
    assert len(shop.customers_got) == 1


def test_nothing_is_sent_in_a_thread_until_what_lies_in_junk_comes_back(shop: Shop) -> None:
    uid = shop.write(a_mail())
    shop.receive()
    shop.process()
    uid = shop.account.move("INBOX", uid, "Junk")
    shop.round()
    shop.write(again())
    shop.round()
    assert kinds(shop)[-1] == ("customer", "spam", "open")

    shop.account.move("Junk", uid, "INBOX")
    shop.round()
    assert kinds(shop)[0] == ("customer", None, "open")
    assert len(shop.customers_got) == 1


def test_what_was_taken_back_is_not_released_by_hand_but_by_moving_it_out(shop: Shop) -> None:
    uid = shop.write(a_mail())
    shop.receive()
    shop.process()
    shop.account.move("INBOX", uid, "Junk")
    shop.round()
    with shop.store.begin() as tx:
        held = tx.by_hand.mail(1)
        assert held is not None
        assert release(tx, held, "olga", shop.at) is Unreleasable.IN_JUNK


def test_no_to_and_fro_makes_a_second_acknowledgement(shop: Shop) -> None:
    uid = shop.write(a_mail())
    shop.round()
    for _ in range(3):
        uid = shop.account.move("INBOX", uid, "Junk")
        shop.round()
        shop.wait(minutes=20)
        uid = shop.account.move("Junk", uid, "INBOX")
        shop.round()
        shop.wait(minutes=20)

    assert kinds(shop) == [("customer", "acknowledged_already", "open")]
    assert len(shop.customers_got) == 1


def test_a_move_to_junk_leaves_an_answered_thread_as_it_is(shop: Shop) -> None:
    uid = shop.write(a_mail())
    shop.round()
    staff_answer(shop)
    shop.round()
    shop.account.move("INBOX", uid, "Junk")
    shop.round()

    assert kinds(shop)[0] == ("spam", "spam", "pending")


def test_a_copy_in_junk_and_inbox_is_one_record(shop: Shop) -> None:
    shop.write(a_mail())
    shop.write(a_mail(), "Junk")
    shop.round()
    shop.write(a_mail(), "INBOX")
    shop.round()
    shop.write(a_mail(), "INBOX")
    shop.round()

    assert len(kinds(shop)) == 1
    assert len(shop.customers_got) == 1


@pytest.mark.postgresql
def test_a_look_at_junk_that_comes_late_changes_nothing(shop: Shop) -> None:
    """It could not be processed at once, and meanwhile the message is back."""
    uid = shop.write(a_mail())
    shop.round()
    uid = shop.account.move("INBOX", uid, "Junk")
    shop.receive()
    with shop.sql.engine.begin() as connection:
        connection.exec_driver_sql(
            "update inbound set next_attempt_at = '2026-11-21 12:10:00' where state = 'waiting'"
        )
    shop.account.move("Junk", uid, "INBOX")
    shop.receive()
    shop.process()
    shop.wait(minutes=15)
    shop.round()

    assert kinds(shop) == [("customer", None, "open")]


@pytest.mark.postgresql
def test_what_staff_wrote_does_not_become_spam_by_a_copy_in_junk(shop: Shop) -> None:
    shop.write(a_mail())
    shop.round()
    staff_answer(shop)
    shop.round()
    sent = shop.account.messages("Sent")[-1].raw
    shop.write(sent, "Junk")
    shop.round()

    assert shop.rows("select kind, staff_answer from message where kind = 'staff'") == [
        ("staff", 1)
    ]


def test_in_shadow_nothing_of_all_this_is_sent(tmp_path: Path) -> None:
    shop = Shop(tmp_path, mode=Mode.SHADOW)
    shop.start()
    uid = shop.write(a_mail(), "Junk")
    shop.round()
    shop.account.move("Junk", uid, "INBOX")
    shop.round()

    assert shop.outbox == ["shadow"]
    assert kinds(shop) == [("customer", None, "open")]
    shop.close()
