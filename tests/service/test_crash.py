"""Die at every effect, restart, and compare with a run that was never disturbed.

An effect is whatever outlives a death: a commit, a file on disk, a mail at the server, a copy in
the mailbox. `Fuse(n)` kills the process before or after the n-th of them, for every n there is.
"""

import os
import tempfile
from collections.abc import Awaitable, Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest

from maildaemon.ports.store import Transaction
from tests.databases import backend
from tests.service.shop import EXE, PNG, Shop, a_mail
from tests.service.test_spine import a_bounce

# `make test` dies at some effects, `make campaigns` at the others: together at each.
SHARES = pytest.mark.parametrize(
    "others",
    [
        pytest.param(False, id="some"),
        pytest.param(True, id="others", marks=pytest.mark.campaign),
    ],
)


class KilledError(BaseException):
    """The process is gone; nothing after this line runs."""


class Fuse:
    """Burns down with every effect; at zero the process dies."""

    def __init__(self, length: int | None) -> None:
        self.length = length
        self.burnt = 0
        self.dead = False

    def burn(self) -> None:
        if self.dead:
            raise KilledError
        self.burnt += 1
        if self.length is not None and self.burnt == self.length:
            self.dead = True
            raise KilledError


class DyingStore:
    """The real store; it can die before every commit."""

    def __init__(self, store: Any, fuse: Fuse) -> None:
        self._store = store
        self._fuse = fuse

    @contextmanager
    def begin(self) -> Iterator[Transaction]:
        with self._store.begin() as tx:
            yield tx
            # After this commit is before the next effect: one place to die a commit is enough.
            self._fuse.burn()

    @contextmanager
    def read(self) -> Iterator[Transaction]:
        with self._store.read() as tx:
            yield tx


class Dying:
    """Dies before and after the named calls of anything."""

    def __init__(self, inner: Any, fuse: Fuse, *names: str) -> None:
        self._inner, self._fuse, self._names = inner, fuse, names

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._inner, name)
        if name not in self._names:
            return found

        def call(*args: Any, **options: Any) -> Any:
            self._fuse.burn()
            result = found(*args, **options)
            self._fuse.burn()
            return result

        return call


class DyingTransport:
    """Dies before the mail leaves, at the dot, and after the server accepted it."""

    def __init__(self, inner: Any, fuse: Fuse) -> None:
        self._inner, self._fuse = inner, fuse

    async def open(self) -> None:
        self._fuse.burn()
        await self._inner.open()

    async def close(self) -> None:
        await self._inner.close()

    async def send(
        self, envelope: Any, raw: bytes, before_dot: Callable[[], Awaitable[None]]
    ) -> Any:
        self._fuse.burn()

        async def dot() -> None:
            await before_dot()
            self._fuse.burn()

        outcome = await self._inner.send(envelope, raw, dot)
        self._fuse.burn()
        return outcome


FILES = (("photo.png", "image/png", PNG), ("tool.exe", "application/x-dosexec", EXE))
MAILS = (
    a_mail(files=FILES),
    a_mail(sender="dora@x.example", message_id="d1@x.example", subject="Question"),
    a_bounce("somebody@x.example", "<unknown@shop.example>"),
)


def make_shop(folder: Path, *, files_sent: bool) -> Shop:
    folder.mkdir(parents=True)
    shop = Shop(folder, files_sent=files_sent)
    shop.start()
    for raw in MAILS:
        shop.write(raw)
    return shop


def arm(shop: Shop, fuse: Fuse) -> None:
    shop.store = DyingStore(shop.sql, fuse)
    shop.transport = DyingTransport(shop.transport, fuse)  # type: ignore[assignment]
    shop.mailbox = Dying(shop.mailbox, fuse, "append")  # type: ignore[assignment]
    shop.blobs = Dying(shop.blobs, fuse, "put_all")  # type: ignore[assignment]
    shop.files = Dying(shop.files, fuse, "put_all")  # type: ignore[assignment]


def live(shop: Shop) -> None:
    """A working day: mail comes, is answered, is filed; staff answer; the customer writes again."""
    shop.round()
    shop.wait(seconds=61)
    shop.round()


def recover(shop: Shop) -> None:
    """Start again and let enough time pass for every claim and every doubt to end."""
    server = shop.transport._inner  # type: ignore[attr-defined]
    shop.close()
    shop.transport = server
    shop.open()
    settle_down(shop)


def settle_down(shop: Shop) -> None:
    for _ in range(5):
        shop.round()
        shop.wait(minutes=8)


def facts(shop: Shop) -> dict[str, object]:
    """What must be the same whether or not the process died."""
    return {
        "records": shop.rows(
            "select message_id, kind, silence from message where kind != 'own' order by message_id"
        ),
        "files": shop.rows("select filename, verdict, reason from attachment order by filename"),
        "threads": shop.rows("select reference, status from thread order by reference"),
        "journal": shop.rows(
            "select f.role, i.uid, i.state from inbound i join folder f on f.id = i.folder_id "
            "where f.role = 'inbox' order by uid"
        ),
    }


def sent_ids(shop: Shop) -> list[str]:
    return sorted(str(mail["Message-ID"]) for mail in shop.customers_got)


def count_effects(tmp_path: Path, *, files_sent: bool) -> tuple[int, dict[str, object], list[str]]:
    shop = make_shop(tmp_path / "undisturbed", files_sent=files_sent)
    inner = shop.transport
    fuse = Fuse(None)
    arm(shop, fuse)
    shop.transport.accepted = inner.accepted
    live(shop)
    shop.transport = inner
    settle_down(shop)
    result = fuse.burnt, facts(shop), sent_ids(shop)
    shop.close()
    return result


def share(lengths: Iterable[int], *, others: bool) -> list[int]:
    """Return every third place to die, or the `others`."""
    return [one for at, one in enumerate(lengths) if (at % 3 > 0) is others]


@pytest.fixture
def memory(tmp_path: Path) -> Iterator[Path]:
    """A folder in memory where there is one: thousands of commits, and no power cut here."""
    if not os.access("/dev/shm", os.W_OK):
        yield tmp_path
        return
    with tempfile.TemporaryDirectory(dir="/dev/shm", prefix="maildaemon-") as folder:
        yield Path(folder)


@pytest.mark.sqlite
@pytest.mark.postgresql
@pytest.mark.mariadb
@pytest.mark.timeout(300)
@SHARES
@pytest.mark.parametrize("files_sent", [True, False], ids=["server files Sent", "it does not"])
def test_a_death_at_any_effect_loses_nothing_and_doubles_nothing(
    memory: Path, files_sent: bool, others: bool
) -> None:
    effects, undisturbed, expected = count_effects(memory, files_sent=files_sent)
    assert effects > 40
    assert len(expected) == 2

    # The two runs share the effects between them; a server's databases cost more: some of them do.
    step = {"sqlite": 2, "postgresql": 9, "mariadb": 30}[backend()]
    for length in share(range(1 + files_sent, effects + 1, step), others=others):
        shop = make_shop(memory / f"{length}", files_sent=files_sent)
        server = shop.transport
        arm(shop, Fuse(length))
        shop.transport.accepted = server.accepted
        with suppress(KilledError):
            live(shop)
        recover(shop)

        where = f"killed at effect {length} of {effects}"
        assert facts(shop) == undisturbed, where
        got = sent_ids(shop)
        unknown = shop.rows("select message_id from outbox where state = 'unknown'")
        missing = sorted(set(expected) - set(got))
        assert len(got) == len(set(got)), where
        # Missing is exactly what is listed as unknown and did not arrive.
        assert set(missing) <= {f"<{row[0]}>" for row in unknown}, where
        if files_sent:
            assert got == expected, where
            assert len(shop.account.messages("Sent")) == len(got), where
        copies = [bytes(one.raw) for one in shop.account.messages("Sent")]
        assert len(copies) == len(set(copies)), where
        shop.close()
