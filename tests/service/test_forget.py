"""`person erase`, and what may happen around it: deaths, restores, several machines, namesakes."""

import os
import shutil
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from maildaemon.adapters.tombstones import TombstoneFile
from maildaemon.domain.erasure import Tombstone
from maildaemon.ports.brakes import Alarm, Muted
from maildaemon.services.erase import erase_person, plan_erasure
from maildaemon.services.forget import forget_next, forget_or_tell, scrub_next
from maildaemon.services.seal import Checked, check_chains, seal_next
from tests.service.shop import KEY, PNG, START, Shop, a_mail
from tests.service.test_person import write
from tests.service.test_retention import kept, retain

pytestmark = pytest.mark.sqlite

ANNA, JOANNA = "anna@example.net", "joanna@example.net"
OURS = frozenset({"support@shop.example", "anna@shop.example"})
HERS: dict[str, Any] = {"sender": f"Anna <{ANNA}>", "message_id": "a@x", "subject": "zqsubject"}
SAID = "This is zqbody, and it is long enough to be mine."
QUOTES = f"See what she wrote.\n\nOn Saturday {ANNA} wrote:\n> {SAID}\n"
BRUNO: dict[str, Any] = {
    "sender": "Bruno <bruno@other.example>",
    "message_id": "b@x",
    "subject": "Else",
}
RELAYED = b"Received: from x by y; Sat, 21 Nov 2026 12:00:00 +0000\r\n"


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Shop]:
    opened = Shop(tmp_path, files_sent=True)
    opened.round()
    yield opened
    opened.close()


def erase(shop: Shop, *addresses: str) -> dict[str, int]:
    plan = plan_erasure(shop.places, addresses or (ANNA,), OURS)
    return erase_person(shop.places, plan, shop.at, "olga").counts


def left(shop: Shop, word: bytes = b"zqbody") -> list[str]:
    """Return the kept bytes and files in which a word stands."""
    blobs = (*shop.folder.glob("raw/??/*"), *shop.folder.glob("files/??/*"))
    return [one.name for one in blobs if word in one.read_bytes().lower()]


def deliver(shop: Shop, raw: bytes) -> int:
    shop.wait(minutes=1)
    uid = shop.write(raw)
    shop.round()
    return uid


def a_quoting_mail(shop: Shop, **fields: Any) -> tuple[int, bytes]:
    raw = a_mail(QUOTES, date=shop.at, **BRUNO, **fields)
    return deliver(shop, raw), raw


def die(*_: object) -> None:
    raise KeyboardInterrupt


def test_an_unread_mail_of_somebody_with_a_longer_address_is_read(shop: Shop) -> None:
    write(shop, SAID, **HERS)
    shop.write(a_mail("Where is mine?", sender=JOANNA, message_id="j@x", date=shop.at))
    shop.receive()

    erase(shop)
    shop.wait(minutes=1)
    shop.round()

    assert shop.rows("select count(*) from message where from_address = 'joanna@example.net'") == [
        (1,)
    ]
    assert JOANNA in [mail["To"] for mail in shop.customers_got]


def test_an_unread_mail_that_names_her_is_read_and_then_loses_her_words(shop: Shop) -> None:
    write(shop, SAID, **HERS)
    shop.write(a_mail(QUOTES, date=shop.at, **BRUNO))
    shop.receive()

    erase(shop)
    shop.wait(minutes=1)
    shop.round()
    forget_next(shop.places, shop.now)

    ((said,),) = shop.rows("select text from message where message_id = 'b@x'")
    assert said.startswith("See what she wrote.")
    assert "zqbody" not in said
    assert left(shop) == []


def test_a_record_of_somebody_with_a_longer_address_stays_as_it_is(shop: Shop) -> None:
    write(shop, SAID, **HERS)
    signed = {"sender": f"Jo <{JOANNA}>", "message_id": "j@x", "subject": "Mine"}
    write(shop, f"Where is mine?\n\nBest regards\nJo\n{JOANNA}", **signed)

    assert erase(shop)["quotes"] == 0

    query = "select text, raw_sha256 is null from message where message_id = 'j@x'"
    ((said, is_without_bytes),) = shop.rows(query)
    assert JOANNA in said
    assert not is_without_bytes


def test_of_what_no_record_knows_goes_what_she_wrote_and_nothing_else(shop: Shop) -> None:
    hers, others = a_mail(SAID, **HERS), a_mail(QUOTES, **BRUNO)
    shop.blobs.put_all([hers, others])

    erase(shop)

    assert [shop.blobs.get(one) for one in shop.blobs.names()] == [others]


def _waiting(shop: Shop) -> None:
    shop.write(a_mail("zqbody two", date=shop.at, **{**HERS, "message_id": "a2@x"}))
    shop.receive()


def _copy(shop: Shop) -> None:
    deliver(shop, RELAYED + a_mail(SAID, date=shop.at, **HERS))


def _orphan(shop: Shop) -> None:
    shop.blobs.put_all([a_mail("zqbody three", **HERS)])


@pytest.mark.parametrize("more", [_waiting, _copy, _orphan])
def test_after_a_death_every_copy_of_her_bytes_goes_with_the_next_look(
    shop: Shop, monkeypatch: pytest.MonkeyPatch, more: Callable[[Shop], None]
) -> None:
    deliver(shop, a_mail(SAID, date=shop.at, **HERS))
    more(shop)
    with monkeypatch.context() as patched:
        patched.setattr(shop.blobs, "remove", die)
        with pytest.raises(KeyboardInterrupt):
            erase(shop)

    forget_next(shop.places, shop.now)

    assert left(shop) == []


def test_after_a_death_while_she_is_forgotten_again_the_bytes_go(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    erase(shop)
    forget_next(shop.places, shop.now)
    early = shop.at - timedelta(hours=1)
    shop.write(a_mail(SAID, date=early, **HERS), at=early)
    shop.round()
    with monkeypatch.context() as patched:
        patched.setattr(shop.blobs, "remove", die)
        with pytest.raises(KeyboardInterrupt):
            forget_next(shop.places, shop.now)
    assert left(shop)

    forget_next(shop.places, shop.now)

    assert left(shop) == []


def test_a_quoting_mail_that_is_moved_brings_no_bytes_back(shop: Shop) -> None:
    write(shop, SAID, **HERS)
    photo = PNG + b"zqbody of a file, by anna@example.net"
    uid, _ = a_quoting_mail(shop, files=(("p.png", "image/png", photo),))
    erase(shop)
    assert left(shop) == []

    shop.account.move("INBOX", uid, "Junk")
    shop.round()
    forget_next(shop.places, shop.now)

    assert left(shop) == []


def test_every_copy_of_a_quoting_mail_loses_its_bytes(shop: Shop) -> None:
    write(shop, SAID, **HERS)
    _, raw = a_quoting_mail(shop)
    deliver(shop, RELAYED + raw)

    erase(shop)

    assert left(shop) == []


def test_what_retention_has_let_go_of_is_not_kept_again(tmp_path: Path) -> None:
    shop = Shop(tmp_path, retention=kept(personal=60))
    shop.round()
    uid = deliver(shop, a_mail("Of zqbody.", date=shop.at))
    _end_all(shop)
    shop.wait(days=70)
    _age(shop)
    assert retain(shop)

    shop.account.move("INBOX", uid, "Junk")
    shop.round()
    forget_next(shop.places, shop.now)

    assert left(shop) == []
    shop.close()


def test_after_a_death_what_is_over_goes_with_the_next_look(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shop = Shop(tmp_path, retention=kept(personal=60))
    shop.round()
    deliver(shop, a_mail("Of zqbody.", date=shop.at))
    _end_all(shop)
    shop.wait(days=70)
    _age(shop)
    with monkeypatch.context() as patched:
        patched.setattr(shop.blobs, "remove", die)
        with pytest.raises(KeyboardInterrupt):
            retain(shop)
    assert left(shop)

    retain(shop)

    assert left(shop) == []
    shop.close()


def test_whoever_writes_today_is_a_customer_whatever_date_he_gives(shop: Shop) -> None:
    write(shop, SAID, **HERS)
    erase(shop)
    shop.wait(minutes=30)

    deliver(
        shop, a_mail("Me again.", date=shop.at - timedelta(days=2), **HERS | {"message_id": "n@x"})
    )
    forget_next(shop.places, shop.now)

    assert shop.rows("select text from message where message_id = 'n@x'")


def test_the_database_is_written_anew_once_a_day_at_most(shop: Shop) -> None:
    times: list[datetime] = []
    places = replace(shop.places, scrub=lambda: times.append(shop.at))
    erase(shop)
    for number in range(3):
        early = shop.at - timedelta(hours=5)
        shop.write(a_mail(SAID, date=early, **HERS | {"message_id": f"{number}@x"}), at=early)
        shop.round()
        assert forget_next(places, shop.now)
        assert len(times) == min(number, 1)
        scrub_next(places, shop.now)
        shop.wait(minutes=5)

    assert len(times) == 1
    shop.wait(days=1)
    scrub_next(places, shop.now)
    scrub_next(places, shop.now)
    assert len(times) == 2


def test_who_is_named_is_remembered_even_if_nothing_is_kept_of_him(shop: Shop) -> None:
    assert erase(shop)["messages"] == 0

    assert len(TombstoneFile(shop.folder).read()) == 1


def test_each_machine_knows_how_far_it_has_looked(shop: Shop) -> None:
    write(shop, SAID, **HERS)
    erase(shop)
    theirs = _Stones((Tombstone(shop.at, ("0" * 64,)),))
    for places in (shop.places, replace(shop.places, graves=theirs)) * 2:
        forget_next(places, shop.now)

    looked = shop.rows("select value from installation where name like 'erased.%' order by name")
    assert len({*looked}) == 1
    assert len(looked) == 2


def test_where_nothing_has_come_back_nothing_is_written(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(shop, SAID, **HERS)
    erase(shop)
    forget_next(shop.places, shop.now)

    monkeypatch.setattr(shop.store, "begin", die)

    assert forget_next(shop.places, shop.now) == 0


def test_a_restored_database_forgets_whom_it_had_muted_and_told_of(shop: Shop) -> None:
    deliver(shop, a_mail(SAID, date=shop.at, **HERS))
    with shop.store.begin() as tx:
        muted = Muted(ANNA, shop.at + timedelta(days=1), f"too many of {ANNA}")
        tx.brakes.mute(shop.desk.mailbox_id, muted, shop.at)
        tx.alerts.raise_alarm(Alarm("sender.muted", "support", f"{ANNA} is muted", ANNA), shop.at)
    shop.close()
    shutil.copy(shop.folder / "mail.db", shop.folder / "backup")
    shop.open()
    erase(shop)
    forget_next(shop.places, shop.now)
    shop.close()
    for one in shop.folder.glob("mail.db*"):
        one.unlink()
    (shop.folder / "backup").rename(shop.folder / "mail.db")
    shop.open()

    forget_next(shop.places, shop.now)

    assert shop.rows("select address from muted_sender") == []
    assert shop.rows("select text from alert") == [("[erased]",)]
    assert shop.rows("select recipient from outbox") == [("",)]
    assert left(shop) == []


def test_what_came_while_somebody_thought_it_over_goes_as_well(shop: Shop) -> None:
    write(shop, SAID, **HERS)
    plan = plan_erasure(shop.places, (ANNA,), OURS)
    write(shop, "One more.", **HERS | {"message_id": "later@x"})

    went = erase_person(shop.places, plan, shop.at, "olga")

    assert went.counts["messages"] > plan.counts["messages"]
    assert shop.rows("select text from message where from_address = 'anna@example.net'") == []


@pytest.mark.postgresql
@pytest.mark.mariadb
def test_others_write_while_kept_files_are_read(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    photo = PNG + b"zqbody of a file, by anna@example.net"
    seen = []

    def first(what: str, then: Callable[..., Any]) -> Callable[..., Any]:
        def work(*given: Any) -> Any:
            with shop.sql.begin() as tx:
                tx.brakes.keep_fact("busy", what)
            seen.append(what)
            return then(*given)

        return work

    write(shop, SAID, **HERS)
    a_quoting_mail(shop, files=(("p.png", "image/png", photo),))
    monkeypatch.setattr(shop.files, "get", first("read", shop.files.get))

    erase(shop)

    assert seen == ["read", "read"]
    early = shop.at - timedelta(hours=1)
    seen.clear()
    raw = a_mail(
        QUOTES,
        date=early,
        **BRUNO | {"message_id": "b2@x"},
        files=(("q.png", "image/png", photo + b"2"),),
    )
    shop.write(raw, at=early)
    shop.round()
    assert forget_next(shop.places, shop.now)
    assert seen == ["read"]


def test_what_is_half_written_goes_when_it_is_old(shop: Shop) -> None:
    folder = shop.folder / "raw" / "ab"
    folder.mkdir(parents=True)
    for name, age in ((".new-old", timedelta(hours=1)), (".new-young", timedelta(minutes=1))):
        (folder / name).write_bytes(b"zqbody")
        at = (shop.at - age).timestamp()
        os.utime(folder / name, (at, at))

    erase(shop)

    assert [one.name for one in folder.iterdir()] == [".new-young"]


def test_work_goes_on_and_somebody_is_told_where_the_list_cannot_be_read(shop: Shop) -> None:
    (shop.folder / "erased").write_text("no list\nof anybody\n")

    forget_or_tell(shop.places, shop.now)

    ((event, said),) = shop.rows("select event, text from alert")
    assert event == "erasure.failed"
    assert str(shop.folder / "erased") in said


def test_where_statistics_go_the_chain_of_what_follows_is_whole(tmp_path: Path) -> None:
    shop = Shop(tmp_path, retention=kept(statistics=60))
    shop.round()
    deliver(shop, a_mail("Clara asks", date=shop.at))
    salts = (f"{number:032x}" for number in range(100))
    while seal_next(shop.store, KEY, lambda: next(salts)):
        pass
    _end_all(shop)
    shop.wait(days=70)

    retain(shop)
    write(shop, "Bruno asks", **BRUNO)
    while seal_next(shop.store, KEY, lambda: next(salts)):
        pass

    count = Checked()
    assert [*check_chains(shop.store, KEY, count)] == []
    assert count.wrong == count.unsealed == 0
    assert retain(shop)
    shop.close()


class _Stones:
    """What another machine remembers."""

    def __init__(self, stones: tuple[Tombstone, ...]) -> None:
        self._stones = stones

    def read(self) -> tuple[Tombstone, ...]:
        return self._stones

    def add(self, stone: Tombstone) -> None:
        raise AssertionError("nobody is erased there")


def _end_all(shop: Shop) -> None:
    with shop.sql.engine.begin() as connection:
        connection.execute(text("update thread set status = 'resolved'"))


def _age(shop: Shop) -> None:
    """Let every file have been written when the shop was opened: the disk has its own clock."""
    for path in (*shop.folder.glob("raw/??/*"), *shop.folder.glob("files/??/*")):
        os.utime(path, (START.timestamp(), START.timestamp()))
