"""`person export`: all that is kept of a person, and nothing of anybody else's."""

import io
import json
import zipfile
from email import message_from_bytes
from pathlib import Path
from typing import Any

import pytest

from maildaemon.adapters.sql.personal import NOBODY
from maildaemon.adapters.sql.tables import metadata
from maildaemon.domain.automatic import Kind
from maildaemon.domain.message import Address
from maildaemon.domain.person import Personal
from maildaemon.services.person import pages
from tests.service.shop import EXE, PNG, Shop, a_mail

CLARA = "clara@customer.example"


def write(shop: Shop, body: str, folder: str = "INBOX", **fields: Any) -> bytes:
    """Let somebody write, and the daemon see it."""
    shop.wait(minutes=11)
    raw = a_mail(body, date=shop.at, **fields)
    shop.write(raw, folder)
    shop.round()
    return raw


def a_life(shop: Shop) -> dict[str, bytes]:
    """Clara asks with two files, staff answer her and ask a supplier; she is copied elsewhere."""
    shop.round()
    ours = {"sender": "Anna <support@shop.example>", "folder": "Sent"}
    again = {"In_Reply_To": f"<c1@{CLARA.partition('@')[2]}>"}
    files = (("photo.png", "image/png", PNG), ("../evil.exe", "application/pdf", EXE))
    return {
        "asked": write(shop, "Where is order 123456?", files=files),
        "answered": write(shop, "It is lost.", to=CLARA, message_id="a1@s", **again, **ours),
        "supplier": write(
            shop, "Clara wants hers.", to="maker@partner.example", message_id="p1@s", **again, **ours
        ),
        "Bruno's": write(
            shop,
            "I sent mine back to clara@customer.example by mistake.",
            sender="Bruno <bruno@other.example>",
            subject="Wrong parcel",
            message_id="b1@o",
        ),
        "to both": write(
            shop, "Bruno, Clara: please swap.", to=f"bruno@other.example, {CLARA.upper()}",
            message_id="a2@s", In_Reply_To="<b1@o>", **ours,
        ),
    }  # fmt: skip


def read(shop: Shop, *addresses: str) -> Personal:
    with shop.sql.read() as tx:
        return tx.persons.read(addresses or (CLARA,))


def zipped(shop: Shop, personal: Personal) -> dict[str, bytes]:
    return dict(
        pages(personal, shop.blobs, shop.files, lambda name: name.rpartition("/")[2], shop.at)
    )


@pytest.fixture
def shop(tmp_path: Path) -> Any:
    opened = Shop(tmp_path)
    yield opened
    opened.close()


def test_each_table_is_searched_or_holds_nothing_of_a_person(shop: Shop) -> None:
    assert {*read(shop).rows} | {*NOBODY} == {*metadata.tables}
    assert {*read(shop).rows} & {*NOBODY} == set()


def test_it_is_what_he_wrote_what_he_was_written_and_what_is_about_him_alone(shop: Shop) -> None:
    mails = a_life(shop)

    found = read(shop, " Clara@Customer.Example")

    written = [row for row in found.of("message") if row["kind"] != Kind.OWN]
    bodies = {shop.blobs.get(row["raw_sha256"]) for row in written}
    assert bodies == {mails[one] for one in ("asked", "answered", "supplier", "to both")}
    others = [row["raw_sha256"] for row in found.of("message") if row["id"] in found.others]
    assert [shop.blobs.get(one) for one in others] == [mails["supplier"]]
    (mentioned,) = found.mentioned
    query = f"select subject from message where id = {mentioned}"
    assert shop.rows(query) == [("Wrong parcel",)]
    assert [row["number"] for row in found.of("order_number")] == []
    assert {row["recipient"] for row in found.of("outbox")} == {CLARA}
    assert len(found.of("attachment")) == 2
    assert {row["address"].lower() for row in found.of("participant")} == {CLARA}
    assert len(found.of("thread")) == 1
    assert all(found.of(table) for table in ("event", "ledger", "inbound"))


def test_of_somebody_unknown_there_is_nothing(shop: Shop) -> None:
    a_life(shop)

    assert not read(shop, "nobody@else.example").is_known
    # What stands for any letter in a search is a letter of an address.
    assert not read(shop, "_lara@customer.example", "%@customer.example").mentioned


def test_another_program_reads_the_zip(shop: Shop) -> None:
    mails = a_life(shop)
    made = zipped(shop, read(shop))
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        for name, content in made.items():
            archive.writestr(name, content)

    archive = zipfile.ZipFile(file)
    assert archive.testzip() is None
    told = json.loads(archive.read("person.json"))
    assert told["addresses"] == [CLARA]
    messages = {row["id"]: row for row in told["tables"]["message"]}
    mails_of = {
        message_from_bytes(archive.read(name))["Message-ID"].strip("<>"): name
        for name in archive.namelist()
        if name.startswith(("mails/", "others/"))
    }
    assert {row["message_id"] for row in messages.values()} == {*mails_of}
    assert [name.partition("/")[0] for name in mails_of.values()].count("others") == 1
    (asked,) = (key for key, row in messages.items() if row["message_id"].startswith("c1@"))
    assert archive.read(f"mails/{asked}.eml") == mails["asked"]
    assert archive.read(f"files/{asked}-0-photo.png") == PNG
    assert {row["filename"] for row in told["tables"]["attachment"]} == {"photo.png", "evil.exe"}
    ((reference,),) = shop.rows("select reference from thread where id = 1")
    text = archive.read(f"conversations/{reference}.txt").decode()
    assert text.index("Where is order") < text.index("automatic mail") < text.index("It is lost.")
    assert text.count("We have received") == 0  # it is a file of its own
    assert "Clara wants hers." not in text, "somebody else's words"
    outside = [
        name for name in archive.namelist() if not name.startswith(("others/", "person.json"))
    ]
    assert not [name for name in outside if b"Clara wants hers." in archive.read(name)]
    readme = archive.read("README.txt").decode()
    assert "1 of the mails were written by somebody else" in readme
    assert "maildaemon messages show" in readme


def test_what_is_not_kept_any_more_is_named_all_the_same(shop: Shop) -> None:
    a_life(shop)
    found = read(shop)
    for row in found.of("message"):
        shop.blobs.path_of(row["raw_sha256"]).unlink()

    made = zipped(shop, found)

    assert not [name for name in made if name.startswith("mails/")]
    assert len(json.loads(made["person.json"])["tables"]["message"]) == len(found.of("message"))


def test_a_conversation_of_several_customers_gives_only_his_part(shop: Shop) -> None:
    shop.round()
    write(shop, "We both ask.", message_id="c1@customer.example", Cc="dora@customer.example")
    reply = {"In_Reply_To": "<c1@customer.example>", "subject": "Re: My order"}
    write(shop, "Me too.", sender="Dora <dora@customer.example>", message_id="d1@c", **reply)
    ((thread_id,),) = shop.rows("select id from thread")
    with shop.sql.begin() as tx:
        tx.records.add_participants(thread_id, [Address("", "dora@customer.example")], "customer")

    found = read(shop)

    assert [row["from_address"] for row in found.of("message")] == [CLARA]
    assert found.of("thread") == ()
    assert {row["message_id"] for row in found.of("event") if row["message_id"]} == {
        row["id"] for row in found.of("message")
    }
