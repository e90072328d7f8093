"""The audit names what does not fit between mailbox and records, and what is missing is mended."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import text

from maildaemon.domain.audit import Fault, Finding
from maildaemon.services.audit import Tally, audit_mailbox, audit_next, repair
from tests.service.shop import START, Shop, a_mail

# The marked ones bring all statements to the other databases.
pytestmark = pytest.mark.sqlite


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Shop]:
    """A shop with one mail from before the first start, and one that was answered since."""
    opened = Shop(tmp_path, files_sent=True)
    before = START - timedelta(days=2)
    opened.write(a_mail(sender="old@x.example", message_id="o1@x.example", date=before), at=before)
    opened.start()
    opened.wait(minutes=1)
    opened.write(a_mail(date=opened.at))
    opened.round()
    yield opened
    opened.close()


def audited(shop: Shop, days: int = 30) -> tuple[list[Finding], Tally]:
    tally = Tally()
    since = shop.at - timedelta(days=days)
    found = audit_mailbox(shop.store, shop.mailbox, shop.parser, shop.desk, since, tally)
    return list(found), tally


def mend(shop: Shop) -> list[Finding]:
    """Repair, process, and audit again."""
    findings, _ = audited(shop)
    repair(shop.store, shop.mailbox, shop.blobs, shop.desk, findings, shop.now)
    shop.round()
    return audited(shop)[0]


def write_sql(shop: Shop, statement: str) -> None:
    with shop.sql.engine.begin() as connection:
        connection.execute(text(statement))


def wrong(findings: list[Finding]) -> list[tuple[Fault, str, int | None, str | None]]:
    return [(one.fault, one.folder, one.uid, one.message_id) for one in findings if one.wrong]


@pytest.mark.postgresql
@pytest.mark.mariadb
def test_where_everything_is_recorded_nothing_is_found_and_no_body_is_fetched(shop: Shop) -> None:
    shop.account.calls.clear()

    findings, tally = audited(shop)

    assert findings == []
    # Its own mail in Inbox and the acknowledgement in Sent; the old one need not be recorded.
    assert (tally.listed, tally.recorded, tally.before, tally.wrong) == (3, 2, 1, 0)
    assert "fetch" not in {method for method, _ in shop.account.calls}


def test_what_is_not_recorded_is_named_and_recorded_by_one_command(shop: Shop) -> None:
    write_sql(shop, "delete from event where message_id is not null")
    write_sql(shop, "update outbox set cause_id = null")
    for table in ("citation", "attachment", "order_number", "inbound"):
        write_sql(shop, f"delete from {table} where message_id = 1")
    write_sql(shop, "delete from message where id = 1")

    findings, _ = audited(shop)

    assert wrong(findings) == [(Fault.MISSING, "INBOX", 2, "c1@customer.example")]
    assert findings[0].date == START + timedelta(minutes=1)
    assert mend(shop) == []
    assert shop.rows("select count(*) from message where message_id = 'c1@customer.example'") == [
        (1,)
    ]
    # Its cause has sent its mail.
    assert len(shop.customers_got) == 1


def test_another_message_under_a_recorded_uid_is_named_and_recorded(shop: Shop) -> None:
    new = a_mail(sender="eve@x.example", message_id="e1@x.example", date=shop.at)
    shop.account.expunge("INBOX", 2)
    folder = shop.account.folder("INBOX")
    folder.uidnext = 2
    shop.write(new)

    findings, _ = audited(shop)

    assert wrong(findings) == [(Fault.CHANGED, "INBOX", 2, "e1@x.example")]
    assert findings[0].about == "recorded is <c1@customer.example>"
    assert mend(shop) == []
    assert shop.rows("select count(*) from message where message_id = 'e1@x.example'") == [(1,)]


def test_one_message_with_two_records_is_named(shop: Shop) -> None:
    # As if another version had known messages by something else.
    write_sql(shop, f"update message set identity = '{'f' * 64}' where id = 1")
    write_sql(shop, f"update inbound set raw_sha256 = '{'f' * 64}'")
    shop.account.change_uidvalidity("INBOX")
    shop.round()

    findings, _ = audited(shop)

    assert wrong(findings) == [(Fault.RECORDED_TWICE, "", None, "c1@customer.example")]
    assert findings[0].about is not None
    assert findings[0].about.startswith("records 1, ")


def test_a_copy_of_ours_that_stands_twice_in_sent_is_named(shop: Shop) -> None:
    (ours,) = shop.account.messages("Sent")
    shop.write(ours.raw, "Sent")
    shop.round()

    findings, _ = audited(shop)

    message_id = shop.rows("select message_id from outbox")[0][0]
    assert wrong(findings) == [(Fault.COPY_DOUBLED, "Sent", 2, message_id)]
    assert findings[0].about == "UIDs 1, 2"


@pytest.mark.postgresql
@pytest.mark.mariadb
def test_a_mail_of_ours_that_no_record_knows_is_named_and_entered_as_sent(shop: Shop) -> None:
    before = shop.rows("select message_id, recipient, state from outbox")
    write_sql(shop, "update event set outbox_id = null")
    write_sql(shop, "delete from settlement")
    write_sql(shop, "delete from outbox")
    write_sql(shop, "delete from ledger")

    findings, _ = audited(shop)

    assert wrong(findings) == [(Fault.UNKNOWN_MAIL, "Sent", 1, before[0][0])]
    assert mend(shop) == []
    assert shop.rows("select message_id, recipient, state from outbox") == before
    assert len(shop.customers_got) == 1


def test_what_is_known_is_named_and_is_not_wrong(shop: Shop) -> None:
    shop.account.withhold("INBOX", shop.write(a_mail(sender="w@x.example", message_id="w@x")))
    large = "x" * 1_100_000
    shop.write(a_mail(large, sender="l@x.example", message_id="l@x.example", date=shop.at))
    shop.round()
    shop.account.expunge("INBOX", 2)
    shop.write(a_mail(sender="n@x.example", message_id="n@x.example", date=shop.at))

    findings, tally = audited(shop)

    assert [(one.fault, one.uid) for one in findings] == [
        (Fault.WITHHELD, 3),
        (Fault.TOO_LARGE, 4),
        (Fault.UNREAD, 5),
        (Fault.GONE, 2),
    ]
    assert tally.wrong == 0


def test_only_what_came_in_the_window_is_looked_at(shop: Shop) -> None:
    shop.wait(days=3)

    _, tally = audited(shop, days=1)

    assert tally.listed == 0


def test_the_nightly_audit_tells_once_what_is_wrong_until_it_is_mended(shop: Shop) -> None:
    write_sql(shop, "update inbound set uid = 77 where uid = 2")
    shop.wait(days=1)

    assert nightly(shop) == [1, 0]
    while shop.tell():
        pass
    assert [one.event for one in shop.alert.told] == ["audit.failed"]
    assert "INBOX, UID 2, <c1@customer.example>" in shop.alert.told[0].text
    shop.wait(days=1)
    assert nightly(shop) == [1, 0]
    assert shop.tell() == 0
    assert concerns(shop) == 1

    assert mend(shop)[0].fault is Fault.GONE
    shop.wait(days=1)
    assert nightly(shop) == [1, 0]
    assert concerns(shop) == 0


def nightly(shop: Shop) -> list[int]:
    """Let the daemon look twice whether the audit is due."""
    return [
        audit_next(shop.store, shop.mailbox, shop.parser, shop.desk, shop.now) for _ in range(2)
    ]


def concerns(shop: Shop) -> int:
    return int(shop.rows("select count(*) from concern where name like 'audit:%'")[0][0])
