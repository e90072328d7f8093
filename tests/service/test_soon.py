"""Whoever has just written waits for as little as possible."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from maildaemon.ports import FolderName, Role
from maildaemon.services.receive import Haste, receive_new
from tests.service.shop import Shop, a_mail

INBOX, SENT = FolderName("INBOX", Role.INBOX), FolderName("Sent", Role.SENT)


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Shop]:
    opened = Shop(tmp_path)
    opened.start()
    yield opened
    opened.close()


def receive(shop: Shop, *soon: FolderName, expected: list[bytes] | None = None) -> int:
    shop.account.calls.clear()
    expect = ([] if expected is None else expected).append
    haste = Haste(soon, expect=expect)
    mailbox, blobs, now = shop.mailbox, shop.blobs, shop.now
    return receive_new(shop.store, mailbox, blobs, shop.desk, now, haste=haste)


def order(shop: Shop) -> list[tuple[str, str]]:
    return [one for one in shop.account.calls if one[0] in {"folders", "examine"}]


def test_the_inbox_and_what_is_sent_are_read_before_the_folders_are_listed(shop: Shop) -> None:
    shop.write(a_mail())

    assert receive(shop, INBOX, SENT) == 1
    assert [name for _, name in order(shop)[:3]] == ["INBOX", "Sent", ""]
    assert order(shop).count(("examine", "Sent")) == 1
    assert order(shop).count(("examine", "INBOX")) == 1

    # Without news, Sent comes last: it has been read since whatever else was found.
    assert receive(shop, INBOX, SENT) == 0
    assert [name for _, name in order(shop)[:2]] == ["INBOX", ""]
    assert order(shop)[-1] == ("examine", "Sent")


def test_a_folder_that_has_another_name_by_now_is_found_in_the_list(shop: Shop) -> None:
    shop.write(a_mail())

    assert receive(shop, INBOX, FolderName("Gesendet", Role.SENT)) == 1
    assert order(shop)[-1] == ("examine", "Sent")

    shop.write(a_mail(message_id="second@x.example"))
    assert receive(shop, FolderName("Eingang", Role.INBOX), SENT) == 1


def test_only_a_mail_that_comes_alone_to_the_inbox_is_expected(shop: Shop) -> None:
    expected: list[bytes] = []
    shop.write(a_mail(message_id="one@x.example"), "Sent")
    shop.write(a_mail(message_id="two@x.example"))
    assert receive(shop, INBOX, SENT, expected=expected) == 2
    assert [b"two@x.example" in raw for raw in expected] == [True]

    shop.write(a_mail(message_id="three@x.example"))
    shop.write(a_mail(message_id="four@x.example"))
    assert receive(shop, INBOX, SENT, expected=expected) == 2
    assert len(expected) == 1


def test_what_else_is_found_may_be_answered_in_what_was_read_before(tmp_path: Path) -> None:
    shop = Shop(tmp_path)
    shop.start()
    shop.write(a_mail(message_id="one@x.example"))
    shop.write(a_mail(message_id="two@x.example"), "Junk")
    shop.write(a_mail(message_id="three@x.example"), "Sent")

    assert receive(shop, INBOX, SENT) == 3
    assert order(shop)[-1] == ("examine", "Sent")
    assert order(shop).count(("examine", "Sent")) == 2
    assert receive(shop, INBOX, SENT) == 0
    shop.close()
