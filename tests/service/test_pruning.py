"""Files that were held or refused are kept for a while; then their bytes go, the record stays."""

import os
from hashlib import sha256
from pathlib import Path

import pytest

from maildaemon.services.prune import drop_orphans, prune_next
from tests.service.shop import EXE, PNG, START, Shop, a_mail


@pytest.fixture
def shop(tmp_path: Path) -> Shop:
    shop = Shop(tmp_path)
    shop.start()
    return shop


def prune(shop: Shop) -> int:
    count = prune_next(shop.store, shop.files, shop.now)
    return count + drop_orphans(shop.store, shop.files, shop.now)


def age(shop: Shop) -> None:
    """Let every file have been written when the shop was opened."""
    for path in (shop.folder / "files").glob("??/*"):
        os.utime(path, (START.timestamp(), START.timestamp()))


def key(content: bytes) -> str:
    return sha256(content).hexdigest()


def mail_with(name: str, content: bytes, number: int = 1) -> bytes:
    return a_mail(
        files=((name, "application/octet-stream", content),), message_id=f"m{number}@c.example"
    )


def test_a_refused_file_is_dropped_when_its_time_is_over_and_its_record_stays(shop: Shop) -> None:
    shop.write(mail_with("tool.exe", EXE))
    shop.round()
    age(shop)
    shop.wait(days=29)
    assert prune(shop) == 0
    assert shop.files.has(key(EXE))

    shop.wait(days=2)
    assert prune(shop) == 1

    assert not shop.files.has(key(EXE))
    assert shop.rows("select filename, verdict, dropped_at is null from attachment") == [
        ("tool.exe", "refused", 0)
    ]
    assert prune(shop) == 0
    shop.close()


def test_what_is_accepted_stays(shop: Shop) -> None:
    shop.write(mail_with("photo.png", PNG))
    shop.round()
    age(shop)
    shop.wait(days=400)

    assert prune(shop) == 0
    assert shop.files.has(key(PNG))
    shop.close()


def test_what_another_record_still_holds_stays(shop: Shop) -> None:
    shop.write(mail_with("tool.exe", EXE))
    shop.round()
    shop.wait(days=20)
    shop.write(mail_with("tool.exe", EXE, number=2))
    shop.round()
    age(shop)
    shop.wait(days=11)

    assert prune(shop) == 1
    assert shop.files.has(key(EXE)), "the second one is held for longer"
    shop.wait(days=20)
    assert prune(shop) == 1
    assert not shop.files.has(key(EXE))
    shop.close()


def test_the_same_picture_in_a_hundred_mails_is_kept_once(shop: Shop) -> None:
    for number in range(20):
        shop.write(mail_with("logo.png", PNG, number=number))
    shop.round()

    assert shop.rows("select count(*), count(distinct sha256) from attachment") == [(20, 1)]
    assert [path.name for path in (shop.folder / "files").glob("??/*")] == [key(PNG)]
    shop.close()


def test_bytes_that_no_record_knows_are_dropped_after_a_fortnight(shop: Shop) -> None:
    shop.files.put_all([b"left by a death"])
    age(shop)
    shop.wait(days=13)
    assert prune(shop) == 0
    shop.wait(days=2)

    assert prune(shop) == 1
    assert not shop.files.has(key(b"left by a death"))
    shop.close()


def test_bytes_in_any_number_are_looked_through(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("maildaemon.services.prune._BATCH", 3)
    shop.write(mail_with("photo.png", PNG))
    shop.round()
    shop.files.put_all([f"left by death {number}".encode() for number in range(10)])
    age(shop)
    shop.wait(days=15)

    assert prune(shop) == 10
    assert shop.files.has(key(PNG))
    shop.close()


def test_a_file_that_is_judged_again_is_kept_as_long_as_the_later_verdict_says(shop: Shop) -> None:
    uid = shop.write(mail_with("tool.exe", EXE), "Junk")
    shop.round()
    age(shop)
    shop.wait(days=31)
    assert prune(shop) == 1
    shop.account.move("Junk", uid, "INBOX")
    shop.round()

    # Its bytes came again with the mail: a person has the usual time to ask for them.
    held = shop.rows(
        "select verdict, dropped_at is null, held_until > '2027-01-20' from attachment"
    )
    assert held == [("refused", 1, 1)]
    assert shop.files.has(key(EXE))
    shop.close()


def test_what_comes_again_while_it_is_dropped_is_not_dropped(shop: Shop) -> None:
    shop.files.put_all([EXE])
    age(shop)
    shop.wait(days=400)
    shop.files.put_all([EXE])  # another message with the same file is being processed
    path = shop.files.path_of(key(EXE))
    os.utime(path, (shop.at.timestamp(), shop.at.timestamp()))

    assert prune(shop) == 0
    assert shop.files.has(key(EXE))
    shop.close()
