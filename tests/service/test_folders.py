"""Further folders are watched like the inbox; one that is missing stops nothing."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from maildaemon.adapters.sql.standing import SqlStanding
from maildaemon.domain.standing import Severity, troubles
from maildaemon.errors import MailboxRefusedError
from tests.fakes.mailbox import FakeMailbox
from tests.service.shop import Shop, a_mail


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Shop]:
    opened = Shop(tmp_path)
    opened.account.create("Orders")
    opened.mailbox = FakeMailbox(opened.account, others=("Orders", "Returns"))
    opened.start()
    yield opened
    opened.close()


def concerns(shop: Shop) -> list[str]:
    with shop.sql.engine.connect() as connection:
        standing = SqlStanding(connection, shop.desk.mailbox_id, shop.at).read()
    told = troubles(standing, datetime.max.replace(tzinfo=UTC) - shop.at, shop.at)
    return [one.what for one in told if one.severity is Severity.ATTENTION]


def test_what_moves_between_inbox_and_further_folders_is_one_record_and_one_answer(
    shop: Shop,
) -> None:
    uid = shop.write(a_mail(), "Orders")
    shop.round()
    uid = shop.account.move("Orders", uid, "INBOX")
    shop.round()
    shop.account.move("INBOX", uid, "Orders")
    shop.round()

    assert shop.silences == [None]
    assert len(shop.customers_got) == 1


def test_a_further_folder_that_is_missing_stops_nothing_and_is_told(
    shop: Shop, caplog: pytest.LogCaptureFixture
) -> None:
    shop.write(a_mail())
    shop.round()
    shop.round()

    assert len(shop.customers_got) == 1
    assert concerns(shop) == ["there is no folder named 'Returns'"]
    assert [one.message for one in caplog.records].count("folder.missed") == 1


def test_a_folder_that_is_made_at_last_is_read_and_told_no_more(shop: Shop) -> None:
    shop.round()
    shop.account.create("Returns")
    shop.write(a_mail(), "Returns")
    shop.round()

    assert len(shop.customers_got) == 1
    assert concerns(shop) == []


def test_without_its_folder_of_sent_mail_a_mailbox_is_not_read(shop: Shop) -> None:
    shop.mailbox = FakeMailbox(shop.account, sent="Gesendet")
    with pytest.raises(MailboxRefusedError, match="Gesendet"):
        shop.receive()
