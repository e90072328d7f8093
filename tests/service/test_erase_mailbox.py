"""`person erase --in-mailbox`: which messages go, and what a line that breaks leaves for later."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from maildaemon.errors import MailboxRefusedError, MailboxUnavailableError
from maildaemon.ports import FolderState
from maildaemon.services.erase import Plan, erase_person, plan_erasure
from maildaemon.services.erase_mailbox import (
    ANOTHER,
    ASIDE,
    GONE,
    NAMELESS,
    NOT_DELETED,
    NOT_OPENED,
    OUT_OF_REACH,
    UNTOLD,
    Copy,
    delete_copies,
    find_copies,
    judge_copies,
)
from tests.service.shop import Shop, a_mail
from tests.service.test_audit import audited, wrong
from tests.service.test_person import write
from tests.unit.test_erasure import UNREADABLE

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


def test_where_somebody_may_take_part_who_cannot_be_read_it_stays(shop: Shop) -> None:
    for number, field in enumerate(UNREADABLE):
        raw = a_mail("One", sender=HERS, message_id=f"u{number}@c", date=shop.at)
        shop.write(raw.replace(b"Subject:", f"{field}\r\nSubject:".encode(), 1))
    write(shop, "Two", sender=HERS, message_id="a2@c", subject="Two")

    left = delete(shop)

    judged = {field: left[f"u{number}@c"] for number, field in enumerate(UNREADABLE)}
    assert judged == dict.fromkeys(UNREADABLE, UNTOLD)
    assert left["a2@c"] is None
    assert len(lies(shop, "INBOX")) == len(UNREADABLE)


@pytest.mark.parametrize("field", ["Sender", "Reply-To", "Resent-To"])
def test_whoever_stands_beside_from_to_and_cc_takes_part(shop: Shop, field: str) -> None:
    named = {field.replace("-", "_"): "b@other.example"}
    write(shop, "One", sender=HERS, message_id="a1@c", **named)

    assert delete(shop)["a1@c"] == "others take part: b@other.example"
    assert lies(shop, "INBOX")


def test_what_he_is_only_to_be_answered_for_stays(shop: Shop) -> None:
    write(shop, "One", sender=HERS, message_id="a1@c")
    (hers,) = shop.account.messages("INBOX")
    form = a_mail("One", sender="support@shop.example", message_id="a1@c", Reply_To=HERS)
    shop.account.folder("INBOX").messages[hers.uid] = replace(hers, raw=form)

    assert delete(shop)["a1@c"] == ASIDE
    assert lies(shop, "INBOX")


def test_a_folder_that_is_gone_holds_up_no_other(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(shop, "One", sender=HERS, message_id="a1@c")
    really = shop.mailbox.examine

    def examine(folder: str) -> FolderState:
        if folder == "Sent":
            raise MailboxRefusedError("there is no folder 'Sent'")
        return really(folder)

    monkeypatch.setattr(shop.mailbox, "examine", examine)

    left = delete(shop)

    assert left.pop("a1@c") is None
    assert {*left.values()} == {f"{NOT_OPENED}: there is no folder 'Sent'"}
    assert lies(shop, "INBOX") == []


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
