"""`person erase --in-mailbox`: which messages go, and what a line that breaks leaves for later."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from maildaemon.errors import MailboxRefusedError, MailboxUnavailableError
from maildaemon.services.erase import Plan, erase_person, plan_erasure
from maildaemon.services.erase_mailbox import (
    ANOTHER,
    GONE,
    NAMELESS,
    NOT_DELETED,
    OUT_OF_REACH,
    Copy,
    delete_copies,
    find_copies,
    judge_copies,
)
from tests.service.shop import Shop, a_mail
from tests.service.test_audit import audited, wrong
from tests.service.test_person import write

pytestmark = pytest.mark.sqlite

ADA = "ada@customer.example"
HERS = f"Ada <{ADA}>"
OURS = frozenset({"support@shop.example", "anna@shop.example"})
STAFF: dict[str, Any] = {"sender": "Anna <support@shop.example>", "folder": "Sent"}


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Shop]:
    opened = Shop(tmp_path, files_sent=True)
    opened.round()
    yield opened
    opened.close()


def look(shop: Shop) -> tuple[Plan, tuple[Copy, ...]]:
    plan = plan_erasure(shop.places, (ADA,), OURS)
    copies = find_copies(shop.places, plan)
    return plan, judge_copies(shop.places, {"support": shop.mailbox}, shop.parser, plan, copies)


def delete(shop: Shop) -> dict[str, str | None]:
    plan, copies = look(shop)
    mailboxes = {"support": shop.mailbox}
    left = delete_copies(shop.places, mailboxes, shop.parser, plan, copies)
    return {one.message_id: one.why_not for one in left}


def lies(shop: Shop, folder: str) -> list[int]:
    return [one.uid for one in shop.account.messages(folder)]


def test_her_mails_and_ours_to_her_go_and_what_others_take_part_in_is_named(shop: Shop) -> None:
    write(shop, "Where is it?", sender=HERS, message_id="a@c")
    write(shop, "Lost.", to=f"{ADA}, anna@shop.example", message_id="s1@s", **STAFF)
    tagged = f"support+tag@shop.example, {ADA}"
    write(shop, "Found.", to=tagged, message_id="s2@s", In_Reply_To="<a@c>", **STAFF)
    write(shop, "Both!", to=f"{ADA}, b@other.example", message_id="s3@s", **STAFF)
    write(shop, "Me too", sender="Bruno <b@other.example>", message_id="b@o", subject="Else")
    others = [one.uid for one in shop.account.messages("INBOX") if b"b@other" in one.raw]

    left = delete(shop)

    assert {name: why for name, why in left.items() if why} == {
        "s3@s": "others take part: b@other.example"
    }
    assert {"a@c", "s1@s", "s2@s"} <= {name for name, why in left.items() if why is None}
    assert lies(shop, "INBOX") == others
    assert all(
        ADA.encode() not in one.raw or b"s3@s" in one.raw for one in shop.account.messages("Sent")
    )


def test_what_is_not_as_recorded_stays(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    write(shop, "One", sender=HERS, message_id="a1@c")
    write(shop, "Two", sender=HERS, message_id="a2@c", subject="Two")
    write(shop, "Three", sender=HERS, message_id="", subject="Three")
    write(shop, "Four", sender=HERS, message_id="a4@c", subject="Four")
    first, second, third, fourth = shop.account.messages("INBOX")
    shop.account.expunge("INBOX", first.uid)
    another = a_mail("Another", sender=HERS, message_id="else@c")
    shop.account.folder("INBOX").messages[second.uid] = replace(second, raw=another)
    really = shop.mailbox.delete

    def keeps_one(folder: str, uid: int) -> bool:
        return (folder, uid) == ("INBOX", fourth.uid) or really(folder, uid)

    monkeypatch.setattr(shop.mailbox, "delete", keeps_one)

    left = delete(shop)

    hers = {name: why for name, why in left.items() if why}
    assert (hers.pop("a1@c"), hers.pop("a2@c"), hers.pop("a4@c")) == (GONE, ANOTHER, NOT_DELETED)
    assert [*hers.values()] == [NAMELESS]
    assert lies(shop, "INBOX") == [second.uid, third.uid, fourth.uid]


def test_where_the_line_breaks_the_records_still_name_what_is_left(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(shop, "Where is it?", sender=HERS, message_id="a@c")
    really = shop.mailbox.delete

    def breaks(folder: str, uid: int) -> bool:
        if folder == "Sent":
            raise MailboxUnavailableError("the line broke")
        return really(folder, uid)

    with monkeypatch.context() as patched:
        patched.setattr(shop.mailbox, "delete", breaks)
        with pytest.raises(MailboxUnavailableError):
            delete(shop)
    assert lies(shop, "INBOX") == []
    assert lies(shop, "Sent")

    left = delete(shop)
    erase_person(shop.places, plan_erasure(shop.places, (ADA,), OURS), shop.at, "olga")

    assert left["a@c"] == GONE
    assert lies(shop, "Sent") == []
    assert shop.rows("select count(*) from message where subject != ''") == [(0,)]
    assert wrong(audited(shop)[0]) == []


def test_of_a_mailbox_that_is_not_ours_to_delete_from_all_is_named(shop: Shop) -> None:
    write(shop, "Where is it?", sender=HERS, message_id="a@c")
    plan, _ = look(shop)

    copies = judge_copies(shop.places, {}, shop.parser, plan, find_copies(shop.places, plan))

    assert {one.why_not for one in copies} == {OUT_OF_REACH}


def test_where_single_messages_cannot_be_deleted_none_is(shop: Shop) -> None:
    write(shop, "Where is it?", sender=HERS, message_id="a@c")
    before = shop.account.messages("INBOX")
    shop.account.deletes_singly = False

    with pytest.raises(MailboxRefusedError, match="UIDPLUS"):
        delete(shop)

    assert shop.account.messages("INBOX") == before
