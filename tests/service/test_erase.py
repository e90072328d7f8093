"""`person erase`: no trace is left of a person, nothing of anybody else's is, and nothing returns."""

from collections.abc import Iterator
from contextlib import AbstractContextManager
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import select

from maildaemon.adapters.mail_files import arrived_at
from maildaemon.adapters.sql.erasing import RULES
from maildaemon.adapters.sql.tables import metadata
from maildaemon.adapters.tombstones import TombstoneFile
from maildaemon.errors import StoreUnavailableError
from maildaemon.ports.store import Transaction
from maildaemon.services import by_hand
from maildaemon.services.audit import Tally, audit_mailbox
from maildaemon.services.backlog import process_backlog
from maildaemon.services.erase import erase_person, plan_erasure
from maildaemon.services.forget import forget_next
from maildaemon.services.process import Batch
from maildaemon.services.rebuild import conclude, record_kept, record_mailbox
from tests.service.shop import EXE, PNG, Shop
from tests.service.test_person import read, write

# The marked ones bring all statements to the other databases.
pytestmark = pytest.mark.sqlite

ADA = "zqaddress@customer.example"
BRUNO = "Bruno <bruno@other.example>"
OURS = frozenset({"support@shop.example", "anna@shop.example"})
# What is planted: in her address, name, subject, body, the name and the content of a file.
PLANTED = ("zqaddress", "zqname", "zqsubject", "zqbody", "zqfile", "zqcontent")
SAID = "My zqbody number is 123456, please do look into it."
QUOTE = f"On Saturday Zqname Lovelace wrote:\n> {SAID}\n"


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Shop]:
    opened = Shop(tmp_path, files_sent=True)
    opened.round()
    yield opened
    opened.close()


def a_life(shop: Shop) -> None:
    """She writes with two files; staff answer her and ask a supplier, Bruno quotes her."""
    hers = {"sender": f"Zqname Lovelace <{ADA}>", "message_id": "zq1@customer.example"}
    ours = {"sender": "Anna <support@shop.example>", "folder": "Sent"}
    again = {"In_Reply_To": "<zq1@customer.example>", "subject": "Re: zqsubject of mine"}
    photo = PNG + b"zqcontent"
    files = (("zqfile.png", "image/png", photo), ("zqfile.exe", "application/pdf", EXE))
    write(shop, SAID, subject="zqsubject of mine", files=files, **hers)
    write(shop, f"It is lost.\n\n{QUOTE}", to=ADA, message_id="a1@s", **again, **ours)
    write(shop, f"See.\n\n{QUOTE}", to="maker@partner.example", message_id="p1@s", **again, **ours)
    write(
        shop,
        f"Was it {ADA} who got my parcel? She says:\n\n{QUOTE}",
        sender=BRUNO,
        subject="Wrong parcel",
        message_id="b1@o",
        files=(("zqfile.png", "image/png", photo), ("mine.png", "image/png", PNG)),
    )
    to_both = f"bruno@other.example, Zqname Lovelace <{ADA}>"
    write(
        shop, "Both of you: please swap.", to=to_both, message_id="a2@s", In_Reply_To="<b1@o>",
        **ours,
    )  # fmt: skip


def erase(shop: Shop, *addresses: str) -> dict[str, int]:
    plan = plan_erasure(shop.places, addresses or (ADA,), OURS)
    erase_person(shop.places, plan, shop.at, "olga")
    return plan.counts


def traces(shop: Shop) -> set[str]:
    """Return where, in rows and kept bytes, something that was planted stands."""
    found = set()
    with shop.sql.engine.connect() as connection:
        for table in metadata.sorted_tables:
            for row in connection.execute(select(table)):
                text = repr(tuple(row)).lower()
                found |= {f"{table.name}: {one}" for one in PLANTED if one in text}
    for path in shop.folder.rglob("*"):
        if path.is_file() and not path.name.startswith("mail.db"):
            content = path.read_bytes().lower()
            found |= {f"{path.name}: {one}" for one in PLANTED if one.encode() in content}
    return found


def audit(shop: Shop) -> dict[str, int]:
    tally = Tally()
    since = shop.at - timedelta(days=900)
    for _ in audit_mailbox(shop.store, shop.mailbox, shop.parser, shop.desk, since, tally):
        pass
    return {fault.value: count for fault, count in tally.found.items()}


def rebuild(shop: Shop, folder: Path) -> None:
    """Lose the database, and make the records anew; the data folder stays."""
    raw, files, graves = shop.blobs, shop.files, shop.folder / "erased"
    shop.close()
    shop.folder = folder
    folder.mkdir()
    graves.rename(folder / "erased")
    shop.open()
    shop.blobs, shop.files = raw, files
    now, progress = shop.now, lambda *_: None
    record_mailbox(shop.store, shop.mailbox, raw, shop.parser, shop.desk, now, progress)
    record_kept(shop.store, raw, shop.parser, [shop.desk], arrived_at, now, progress)
    process_backlog(
        lambda: Batch(shop.store, shop.parser, shop.composer, raw, files, shop.desk, now),
        lambda _: True,
    )
    conclude(shop.store, shop.desk, now)


def test_each_table_that_is_searched_for_a_person_has_a_rule_for_his_erasure(shop: Shop) -> None:
    assert {*read(shop).rows} <= {*RULES} <= {*metadata.tables}


@pytest.mark.postgresql
@pytest.mark.mariadb
def test_of_whoever_is_erased_no_trace_is_left(shop: Shop) -> None:
    a_life(shop)
    assert {one.partition(": ")[2] for one in traces(shop)} == {*PLANTED}

    done = erase(shop)

    assert traces(shop) == set()
    assert (done["messages"], done["conversations"]) == (4, 1)
    assert not read(shop, ADA).is_known
    ((status,),) = shop.rows("select status from thread where subject = ''")
    assert status == "resolved"
    ((note,),) = shop.rows("select detail from event where event = 'person_erased'")
    assert "olga" in note


def test_what_others_wrote_stays_without_her_words(shop: Shop) -> None:
    a_life(shop)

    erase(shop)

    query = "select text from message where message_id = '{}'"
    ((bruno,),) = shop.rows(query.format("b1@o"))
    assert bruno.startswith("Was it [erased] who got my parcel?")
    ((staff,),) = shop.rows(query.format("a2@s"))
    assert staff.strip() == "Both of you: please swap."
    ((names,),) = shop.rows("select recipients from message where message_id = 'a2@s'")
    assert "bruno@other.example" in names
    assert shop.rows("select filename from attachment where filename != ''") == [("mine.png",)]
    assert shop.rows("select status from thread where subject = 'Wrong parcel'")


def test_nothing_returns_by_a_second_look_at_the_mailbox(shop: Shop) -> None:
    a_life(shop)
    erase(shop)

    shop.account.change_uidvalidity("INBOX")
    shop.account.change_uidvalidity("Sent")
    shop.round()
    forget_next(shop.places, shop.now)

    assert traces(shop) == set()
    assert set(audit(shop)) <= {"renumbered"}


@pytest.mark.postgresql
@pytest.mark.mariadb
def test_nothing_returns_by_a_rebuild(shop: Shop, tmp_path: Path) -> None:
    a_life(shop)
    erase(shop)

    rebuild(shop, tmp_path / "after")
    forget_next(shop.places, shop.now)

    assert traces(shop) == set()
    assert not read(shop, ADA).is_known
    assert audit(shop) == {}
    ((text,),) = shop.rows("select text from message where message_id = 'b1@o'")
    assert text.startswith("Was it [erased] who got my parcel?")


def test_what_she_writes_later_is_new(shop: Shop) -> None:
    a_life(shop)
    erase(shop)
    got = len(shop.customers_got)

    write(shop, "Hello again!", sender=ADA, message_id="later@c", subject="Something else")
    forget_next(shop.places, shop.now)

    assert len(shop.customers_got) == got + 1
    assert len(read(shop, ADA).of("message")) == 2


def test_what_was_queued_for_her_is_never_sent(shop: Shop) -> None:
    shop.write(_question(shop))
    shop.start()
    shop.receive()
    shop.process()
    assert shop.outbox == ["queued"]

    erase(shop)
    shop.wait(minutes=11)
    shop.round()

    assert shop.outbox == ["cancelled"]
    assert shop.customers_got == []


def test_what_was_not_read_yet_goes_as_well(shop: Shop) -> None:
    shop.write(_question(shop))
    shop.start()
    shop.receive()

    assert erase(shop)["messages"] == 1
    shop.round()

    assert traces(shop) == set()
    assert shop.rows("select state from inbound") == [("done",)]


def test_after_a_death_the_rest_goes_with_the_next_look(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    a_life(shop)

    def die(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(shop.blobs, "remove", die)
        with pytest.raises(KeyboardInterrupt):
            erase_person(
                (places := shop.places), plan_erasure(places, (ADA,), OURS), shop.at, "olga"
            )
    assert traces(shop)

    forget_next(shop.places, shop.now)

    assert traces(shop) == set()


def test_what_must_stay_by_the_time_of_the_erasure_is_not_forgotten_later(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    staff = {"sender": "Anna <support@shop.example>", "folder": "Sent"}
    again = {"In_Reply_To": "<zq1@customer.example>", "subject": "Re: zqsubject of mine"}
    write(shop, SAID, sender=ADA, message_id="zq1@customer.example", subject="zqsubject of mine")
    write(shop, "Where is mine?", sender=BRUNO, message_id="b1@o", subject="Wrong parcel")
    write(shop, "Is it with you?", to="maker@x.example", message_id="p1@s", **again, **staff)
    places, plan = shop.places, plan_erasure(shop.places, (ADA,), OURS)
    assert "p1@s" in {row["message_id"] for row in plan.personal.of("message")}
    references = shop.rows("select reference from thread order by id")
    begin = shop.store.begin

    def merged_first() -> AbstractContextManager[Transaction]:
        monkeypatch.setattr(shop.store, "begin", begin)
        with begin() as tx:
            hers, his = (one for (key,) in references if (one := tx.by_hand.thread(key)))
            by_hand.merge(tx, hers, his, "anna", shop.at)
        return begin()

    monkeypatch.setattr(shop.store, "begin", merged_first)

    done = erase_person(places, plan, shop.at, "olga")
    assert "p1@s" not in {row["message_id"] for row in done.personal.of("message")}
    forget_next(places, shop.now)

    ((text,),) = shop.rows("select text from message where message_id = 'p1@s'")
    assert text.strip() == "Is it with you?"
    assert len(TombstoneFile(shop.folder).read()) == 1


def test_while_his_records_change_all_the_time_nothing_is_erased(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    a_life(shop)
    begin, count = shop.store.begin, iter(range(100))

    def he_writes_first() -> AbstractContextManager[Transaction]:
        with monkeypatch.context() as patched:
            patched.setattr(shop.store, "begin", begin)
            write(shop, "And?", sender=ADA, message_id=f"n{next(count)}@c")
        return begin()

    with monkeypatch.context() as patched:
        patched.setattr(shop.store, "begin", he_writes_first)
        with pytest.raises(StoreUnavailableError, match="change all the time"):
            erase(shop)

    assert TombstoneFile(shop.folder).read() == ()
    assert read(shop, ADA).is_known
    erase(shop)
    assert not read(shop, ADA).is_known


def test_a_tombstone_that_a_power_cut_has_cut_is_none(tmp_path: Path, shop: Shop) -> None:
    a_life(shop)
    erase(shop)
    path = shop.folder / "erased"
    whole = TombstoneFile(shop.folder).read()
    with path.open("a") as file:
        file.write('{"erased_at": "2026')

    assert TombstoneFile(shop.folder).read() == whole
    TombstoneFile(shop.folder).add(whole[0])

    assert TombstoneFile(shop.folder).read() == (*whole, *whole)
    assert path.stat().st_mode & 0o777 == 0o600


def _question(shop: Shop) -> bytes:
    from tests.service.shop import a_mail

    return a_mail(SAID, sender=f"Zqname <{ADA}>", subject="zqsubject of mine", date=shop.at)
