"""Records that are lost are made anew from the mailbox and the kept bytes, and nothing is sent."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from maildaemon.adapters.mail_files import arrived_at
from maildaemon.services.audit import Tally, audit_mailbox
from maildaemon.services.backlog import process_backlog
from maildaemon.services.plan import put_in_force
from maildaemon.services.rebuild import conclude, record_kept, record_mailbox
from tests.databases import open_store
from tests.service.shop import Shop, a_mail
from tests.service.test_time_passes import MONDAY, a_shop

# The marked one brings all statements to the other databases.
pytestmark = pytest.mark.sqlite

CLARA, DORA, EMMA = "clara@customer.example", "dora@customer.example", "emma@customer.example"


def question(shop: Shop, who: str, number: int = 1, **fields: Any) -> bytes:
    name = who.partition("@")[0]
    message_id = f"{name}{number}@customer.example"
    subject = fields.pop("subject", f"From {name}")
    return a_mail(sender=who, message_id=message_id, subject=subject, date=shop.at, **fields)


def answer(shop: Shop, who: str) -> bytes:
    cited = f"<{who.partition('@')[0]}1@customer.example>"
    return a_mail(
        "It is on its way.",
        sender="Anna <support@shop.example>",
        to=who,
        subject="Re: yours",
        message_id=f"answer.{who}",
        In_Reply_To=cited,
        date=shop.at,
    )


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Shop]:
    """A shop that Clara (answered), Dora (not yet) and Emma (her mail was put away) wrote to."""
    opened = a_shop(tmp_path / "before", files_sent=True)
    for who in (CLARA, DORA, EMMA):
        opened.write(question(opened, who))
        opened.round()
        opened.wait(hours=1)
    opened.write(answer(opened, CLARA), "Sent")
    opened.round()
    opened.account.move("INBOX", 3, "Archive")
    opened.round()
    yield opened
    opened.close()


def lose_database(shop: Shop, folder: Path) -> None:
    """From now on the records are others, and empty; mailbox, kept bytes and key stay."""
    shop.close()
    raw = shop.blobs
    shop.folder = folder
    folder.mkdir()
    shop.open()
    shop.blobs = raw


def rebuild(shop: Shop) -> None:
    record_mailbox(
        shop.store, shop.mailbox, shop.blobs, shop.parser, shop.desk, shop.now, lambda *_: None
    )
    record_kept(
        shop.store, shop.blobs, shop.parser, [shop.desk], arrived_at, shop.now, lambda *_: None
    )
    process_backlog(shop.a_batch, lambda _: True)
    conclude(shop.store, shop.desk, shop.now)


def conversations(shop: Shop) -> set[tuple[str, str, frozenset[str]]]:
    """Return reference, whose turn it is, and the messages of each conversation."""
    rows = shop.rows(
        "select thread.reference, thread.status, message.message_id from message "
        "join thread on thread.id = message.thread_id"
    )
    return {
        (reference, status, frozenset(id_ for other, _, id_ in rows if other == reference))
        for reference, status, _ in rows
    }


def test_the_same_conversations_and_mails_of_ours_are_known_and_nothing_is_sent(
    shop: Shop, tmp_path: Path
) -> None:
    before = conversations(shop)
    sent = shop.rows("select message_id, recipient, state from outbox order by message_id")
    got = len(shop.customers_got)
    assert (len(before), got) == (3, 3)
    lose_database(shop, tmp_path / "after")

    rebuild(shop)

    # Nobody waits for what lies in no folder any more.
    emma = {one for one in before if "emma1@customer.example" in one[2]}
    kept = {(reference, "resolved", ids) for reference, _, ids in emma}
    assert conversations(shop) == before - emma | kept
    assert shop.rows("select message_id, recipient, state from outbox order by message_id") == sent
    for _ in range(60):
        shop.round()
        shop.wait(days=1)
    assert len(shop.customers_got) == got
    assert shop.outbox == ["sent", "sent", "sent"]


@pytest.mark.postgresql
@pytest.mark.mariadb
def test_after_a_rebuild_the_audit_of_everything_is_clean(shop: Shop, tmp_path: Path) -> None:
    lose_database(shop, tmp_path / "after")
    rebuild(shop)

    tally = Tally()
    since = MONDAY - timedelta(days=900)
    found = [*audit_mailbox(shop.store, shop.mailbox, shop.parser, shop.desk, since, tally)]

    assert found == []
    assert (tally.recorded, tally.before) == (tally.listed, 0)


def test_conversations_go_on_after_a_rebuild_as_if_nothing_had_been(
    shop: Shop, tmp_path: Path
) -> None:
    lose_database(shop, tmp_path / "after")
    rebuild(shop)
    put_in_force(shop.store, shop.desk, shop.now())
    got = len(shop.customers_got)

    shop.wait(days=2)
    shop.write(question(shop, CLARA, 2, subject="Re: yours", In_Reply_To=f"<answer.{CLARA}>"))
    shop.write(question(shop, "new@customer.example"))
    shop.round()
    shop.wait(hours=25)
    shop.round()

    # The new customer is acknowledged; Clara's conversation has been, and staff are warned of both.
    to = [one["To"] for one in shop.customers_got[got:]]
    assert sorted(to) == ["anna@shop.example", "anna@shop.example", "new@customer.example"]
    assert ("open",) in shop.rows(
        "select thread.status from thread join message on message.thread_id = thread.id "
        "where message.message_id = 'clara2@customer.example'"
    )


def test_a_rebuild_that_was_broken_off_goes_on_where_it_was(shop: Shop, tmp_path: Path) -> None:
    lose_database(shop, tmp_path / "after")
    record_mailbox(
        shop.store, shop.mailbox, shop.blobs, shop.parser, shop.desk, shop.now, lambda *_: None
    )
    batch = shop.a_batch()
    batch.take()
    assert shop.rows("select count(*) from concern where name = 'rebuild:unfinished'") == [(1,)]
    shop.close()
    shop.sql = open_store(tmp_path / "after")
    shop.store = shop.sql
    shop.account.calls.clear()
    with shop.store.begin() as tx:
        assert tx.inbound.release(shop.desk.mailbox_id, shop.now()) == 6

    rebuild(shop)

    assert "fetch" not in {method for method, _ in shop.account.calls}
    # Six in the mailbox, and the question that was put away among the kept bytes.
    assert shop.rows("select count(*) from message") == [(7,)]
    assert shop.rows("select count(*) from concern") == [(0,)]


def test_when_a_message_came_is_read_from_the_bytes_alone() -> None:
    received = b"Received: from a by b;\r\n Mon, 23 Nov 2026 09:00:00 +0000\r\nDate: x\r\n\r\nhello"

    assert arrived_at(received) == MONDAY
    assert arrived_at(b"Date: Mon, 23 Nov 2026 09:00:00 +0000\r\n\r\nhello") == MONDAY
    assert arrived_at(b"Subject: no date\r\n\r\nhello") is None


def test_bytes_of_no_message_stop_no_rebuild(shop: Shop, tmp_path: Path) -> None:
    shop.blobs.put_all([b"", b"\x00\xff" * 20])
    lose_database(shop, tmp_path / "after")

    rebuild(shop)

    assert shop.rows("select count(*) from inbound where state <> 'done'") == [(0,)]
