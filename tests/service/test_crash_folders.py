"""Die at every effect around Junk, Drafts and a colleague's account; what people do goes on."""

from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from maildaemon.domain.policy import Mode
from tests.service.shop import Shop, a_mail, parsed
from tests.service.test_colleagues import Colleague
from tests.service.test_crash import (
    SHARES,
    Dying,
    DyingStore,
    Fuse,
    KilledError,
    arm,
    memory,  # noqa: F401  a fixture
    recover,
    share,
)

Step = Callable[[], object]
# What a commit is on the other database, tests/service/test_crash.py looks at.
pytestmark = [pytest.mark.sqlite, pytest.mark.timeout(300)]


def carry_on(world: list[Step], daemon: Step) -> None:
    """Let something happen, and the daemon work; once it is dead, only the world goes on."""
    dead = False
    for happening in world:
        happening()
        if not dead:
            dead = True
            with suppress(KilledError):
                daemon()
                dead = False


def every_death(play: Callable[[Path, Fuse], None], folder: Path, *, others: bool) -> Iterator[str]:
    """Play once undisturbed, then once for each effect at which to die; yield where."""
    fuse = Fuse(None)
    folder.mkdir(exist_ok=True)
    play(folder / "undisturbed", fuse)
    yield "undisturbed"
    assert fuse.burnt >= 5
    for length in share(range(1, fuse.burnt + 1), others=others):
        play(folder / f"{length}", Fuse(length))
        yield f"killed at effect {length} of {fuse.burnt}"


def opened(folder: Path, mode: Mode = Mode.LIVE) -> Shop:
    folder.mkdir()
    shop = Shop(folder, files_sent=True, mode=mode)
    shop.start()
    return shop


def armed(shop: Shop, fuse: Fuse) -> None:
    server = shop.transport
    arm(shop, fuse)
    shop.transport.accepted = server.accepted


def note(shop: Shop) -> None:
    """Read and decide, but send nothing yet."""
    shop.receive()
    shop.process()


def sent_to(shop: Shop) -> list[str]:
    return sorted(str(mail["To"]) for mail in shop.customers_got)


def move_all(shop: Shop, source: str, target: str) -> None:
    for one in shop.account.messages(source):
        shop.account.move(source, one.uid, target)


@SHARES
def test_a_death_on_the_way_out_of_junk_neither_loses_nor_doubles_the_response(
    memory: Path,  # noqa: F811
    others: bool,
) -> None:
    shops: list[Shop] = []

    def play(folder: Path, fuse: Fuse) -> None:
        shop = opened(folder)
        shop.write(a_mail(), "Junk")
        shop.round()
        shop.wait(minutes=20)
        armed(shop, fuse)
        carry_on([lambda: move_all(shop, "Junk", "INBOX")], lambda: note(shop))
        recover(shop)
        shops.append(shop)

    for where in every_death(play, memory, others=others):
        shop = shops.pop()
        records = "select kind, status from message m join thread t on t.id = m.thread_id"
        assert shop.rows(f"{records} where kind != 'own'") == [("customer", "open")], where
        assert sent_to(shop) == ["clara@customer.example"], where
        shop.close()


@SHARES
def test_a_death_on_the_way_into_junk_and_back_sends_one_response(
    memory: Path,  # noqa: F811
    others: bool,
) -> None:
    shops: list[Shop] = []

    def play(folder: Path, fuse: Fuse) -> None:
        shop = opened(folder)
        shop.write(a_mail())
        note(shop)
        armed(shop, fuse)
        carry_on(
            [
                lambda: move_all(shop, "INBOX", "Junk"),
                lambda: move_all(shop, "Junk", "INBOX"),
            ],
            lambda: note(shop),
        )
        recover(shop)
        shops.append(shop)

    for where in every_death(play, memory, others=others):
        shop = shops.pop()
        records = "select kind, in_junk, status from message m join thread t on t.id = m.thread_id"
        assert shop.rows(f"{records} where kind != 'own'") == [("customer", 0, "open")], where
        assert sent_to(shop) == ["clara@customer.example"], where
        assert shop.rows("select count(*) from ledger where thread_id is not null") == [(1,)], where
        shop.close()


@SHARES
def test_a_death_while_drafts_are_put_neither_loses_nor_doubles_one(
    memory: Path,  # noqa: F811
    others: bool,
) -> None:
    shops: list[Shop] = []

    def play(folder: Path, fuse: Fuse) -> None:
        shop = opened(folder, Mode.DRAFTS)
        shop.write(a_mail())
        shop.write(a_mail(sender="d@x.example", message_id="d1@x"))
        armed(shop, fuse)
        carry_on([lambda: None, lambda: shop.wait(seconds=10)], shop.round)
        recover(shop)
        shops.append(shop)

    for where in every_death(play, memory, others=others):
        shop = shops.pop()
        drafts = [parsed(one.raw)["To"] for one in shop.account.messages("Drafts")]
        assert sorted(map(str, drafts)) == ["clara@customer.example", "d@x.example"], where
        assert shop.outbox == ["draft", "draft"], where
        assert shop.rows("select count(*) from event where event = 'draft_put'") == [(2,)], where
        assert shop.transport.commands == [], where
        shop.close()


@SHARES
def test_a_death_while_a_colleagues_answer_is_read_does_not_miss_it(
    memory: Path,  # noqa: F811
    others: bool,
) -> None:
    shops: list[Shop] = []

    def play(folder: Path, fuse: Fuse) -> None:
        shop = opened(folder)
        anna = Colleague(shop)
        anna.read()
        shop.wait(seconds=1)
        server = shop.transport
        armed(shop, fuse)
        anna.mailbox = Dying(anna.mailbox, fuse, "fetch")  # type: ignore[assignment]

        def work() -> None:
            anna.read()
            shop.receive()
            shop.process()
            anna.read()
            shop.receive()
            shop.process()
            shop.deliver()
            shop.wait(seconds=5)

        def happen() -> None:
            shop.write(a_mail())
            anna.write_privately(1, In_Reply_To="<bob1@private.example>")
            anna.answer()

        carry_on([happen, lambda: shop.wait(seconds=5)], work)
        assert isinstance(shop.store, DyingStore)
        shop.close()
        shop.transport = server
        shop.open()
        anna.open()
        for _ in range(4):
            work()
            shop.wait(minutes=6)
        assert anna.cursor == 2
        shops.append(shop)

    for where in every_death(play, memory, others=others):
        shop = shops.pop()
        records = "select kind, staff_answer from message order by kind"
        assert shop.rows(records) == [("customer", 0), ("staff", 1)], where
        assert shop.rows("select status from thread") == [("pending",)], where
        assert shop.outbox in (["cancelled"], []), where
        assert sent_to(shop) == [], where
        shop.close()
