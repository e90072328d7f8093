"""docs/operations.md, done word by word on one installation: a backup, an upgrade, and each disaster."""

import json
import shutil
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from tests.pages import ROOT, Block, blocks_of
from tests.servers.dovecot import Account
from tests.servers.process import wait_until
from tests.servers.sink import SmtpSink
from tests.system.installation import a_letter
from tests.system.reader import Reader, a_shop, typed_elsewhere

PAGE = ROOT / "docs" / "operations.md"
_WITHIN = 60


class Site:
    """The installation, its customers, and what they got."""

    def __init__(self, reader: Reader, account: Account, sink: SmtpSink) -> None:
        self.reader, self._account, self._sink = reader, account, sink
        self.here = reader.here
        self._blocks = [one for one in blocks_of(PAGE) if one.kind in {"sh", "yaml", ""}]

    def follow(self, heading: str, count: int = 0) -> str:
        """Do the next blocks of the page, which stand below this heading; all of them, or so many."""
        todo: list[Block] = []
        while self._blocks and self._blocks[0].heading == heading:
            todo.append(self._blocks.pop(0))
            if len(todo) == count:
                break
        assert todo, heading
        return self.reader.follow(*todo)

    @property
    def left(self) -> list[Block]:
        return self._blocks

    def writes(self, person: str) -> None:
        """Somebody new writes."""
        raw = a_letter(person).replace(b"anna@example.net", f"{person}@example.net".encode())
        self._account.deliver(raw, sender=f"{person}@example.net")

    def is_answered(self, person: str) -> None:
        """Wait until he has his acknowledgement."""
        wait_until(lambda: person in self.mails, _WITHIN, f"{person} is acknowledged")

    def is_recorded(self, person: str) -> None:
        """Wait until his mail is filed."""

        def is_there() -> bool:
            found = map(json.loads, self.here.call("threads", "list", "--json").out.splitlines())
            return any(one["customer"] == f"{person}@example.net" for one in found)

        wait_until(is_there, _WITHIN, f"the mail of {person} is filed")

    @property
    def mails(self) -> Counter[str]:
        """How many mails each customer got."""
        return Counter(one.rcpt_to[0].partition("@")[0] for one in self._sink.accepted())

    @property
    def brakes(self) -> list[str]:
        (found,) = map(json.loads, self.here.call("status", "--json").out.splitlines())
        brakes: list[dict[str, Any]] = found["brakes"]
        return [one["brake"] for one in brakes]

    def stands_still(self, brake: str) -> None:
        wait_until(lambda: self.brakes == [brake], _WITHIN, f"the brake {brake} is on")

    def lose(self, *names: str) -> None:
        """What a disk loses."""
        for name in names:
            for path in self.here.data.glob(name):
                if path.is_dir():
                    shutil.rmtree(path)
                else:
                    path.unlink()


@pytest.mark.timeout(400)
def test_the_page_on_operations_does_what_it_says(
    tmp_path: Path, account: Account, filing_sink: SmtpSink
) -> None:
    with a_shop(tmp_path, account, filing_sink) as reader:
        shop = Site(reader, account, filing_sink)
        shop.follow("Keeping it running: start, upgrade, recover")
        assert "support" in shop.follow("Is it well?")
        shop.follow("Start, stop, change something")
        _back_up_and_upgrade(shop)
        _lose_the_database(shop)
        _lose_it_without_a_backup(shop)
        _lose_the_disk(shop)
        _lose_the_key(shop)
        _move(shop)
        shop.follow("The mailbox was restored or moved")
        shop.follow("Two installations")
        _go_back_to_shadow(shop)
        shop.follow("A brake is on")
        shop.follow("A message is parked")

        assert shop.left == []
        commands = [it for one in blocks_of(PAGE) if one.kind == "sh" for it in one.commands]
        assert reader.typed == [one for one in commands if not typed_elsewhere(one)]
        # In all of this nobody got a mail twice, nor one about what was old.
        assert {person: number for person, number in shop.mails.items() if number > 1} == {}


def _back_up_and_upgrade(shop: Site) -> None:
    shop.reader.start()
    shop.writes("before")
    shop.is_answered("before")
    shop.follow("Backup")
    assert (shop.here.folder / "backup").stat().st_mode & 0o77 == 0
    (copy,) = (shop.here.folder / "backup").glob("maildaemon-*.db")
    assert copy.stat().st_mode & 0o77 == 0
    shop.follow("Upgrade")
    shop.writes("since")
    shop.is_answered("since")


def _lose_the_database(shop: Site) -> None:
    """The amnesia brake: what is restored is older than what went out."""
    _damage(shop)
    # Before anybody restores it, a customer writes.
    shop.writes("down")
    shop.follow("The database is lost or damaged", 1)
    shop.stands_still("restored")
    assert "restored" in shop.follow("The database is lost or damaged", 2)
    for person in ("since", "down"):
        shop.is_recorded(person)
    shop.writes("braked")
    shop.is_recorded("braked")
    assert "braked" not in shop.mails
    _wait_until_read(shop)

    told = shop.follow("The database is lost or damaged")

    assert "braked@example.net" in told
    assert "released restored" in told
    shop.is_answered("braked")
    assert shop.mails["since"] == 1


def _damage(shop: Site) -> None:
    shop.reader.stop()
    shop.lose("maildaemon.db-*")
    (shop.here.data / "maildaemon.db").write_bytes(b"this was a database once" * 100)


def _wait_until_read(shop: Site) -> None:
    """Wait until mailbox and records agree: a copy in Sent may just have come."""
    wait_until(lambda: shop.here.call("audit").code == 0, _WITHIN, "the audit finds it in order")


def _lose_it_without_a_backup(shop: Site) -> None:
    _wait_until_read(shop)
    _damage(shop)
    before = shop.mails
    told = shop.follow("No backup of the database")
    assert "nothing is wrong" in told
    shop.writes("rebuilt")
    shop.is_answered("rebuilt")
    assert shop.mails - before == Counter(rebuilt=1)


def _lose_the_disk(shop: Site) -> None:
    """Sent alone tells what went out since the backup: no heartbeat was saved."""
    before = shop.mails
    shop.reader.stop()
    shop.lose("*")
    shop.here.data.rmdir()
    shop.follow("The disk is lost")
    # Of those who wrote since the backup he alone was not acknowledged: a brake was on.
    shop.is_answered("down")
    shop.is_recorded("rebuilt")
    assert shop.mails - before == Counter(down=1)
    shop.writes("disk")
    shop.is_answered("disk")


def _lose_the_key(shop: Site) -> None:
    key = (shop.here.data / "key").read_bytes()
    shop.reader.stop()
    shop.lose("key")
    shop.follow("The key is lost")
    assert (shop.here.data / "key").read_bytes() == key
    assert "key.made_anew" not in shop.here.log


def _move(shop: Site) -> None:
    shop.follow("Another machine", 1)
    shop.lose("*")
    shop.here.data.rmdir()
    shop.follow("Another machine")
    shop.writes("moved")
    shop.is_answered("moved")
    assert shop.brakes == []


def _go_back_to_shadow(shop: Site) -> None:
    shop.follow("A wrong mode or text went live")
    # What `systemctl reload` does is done elsewhere.
    shop.reader.stop()
    shop.reader.start()
    shop.writes("shadow")
    shop.is_recorded("shadow")
    assert "shadow" not in shop.mails
