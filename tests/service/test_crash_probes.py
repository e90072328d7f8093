"""Die at every effect of a mail to ourselves: it is sent once, comes back, and nothing is left."""

from pathlib import Path

import pytest

from tests.service.shop import a_mail
from tests.service.test_crash import (
    SHARES,
    Dying,
    DyingStore,
    DyingTransport,
    Fuse,
    KilledError,
    share,
)
from tests.service.test_probe import Trip

pytestmark = pytest.mark.sqlite
THEIRS = a_mail("Keep this.", sender="news@list.example", List_Id="<x.list.example>")


def make(folder: Path, *, files_sent: bool) -> Trip:
    folder.mkdir()
    shop = Trip(folder, files_sent=files_sent)
    shop.start()
    shop.write(THEIRS, flags=("\\Deleted",))
    return shop


def arm(shop: Trip, fuse: Fuse) -> None:
    accepted = shop.transport.accepted
    shop.store = DyingStore(shop.sql, fuse)
    shop.transport = DyingTransport(shop.transport, fuse)  # type: ignore[assignment]
    shop.transport.accepted = accepted
    shop.mailbox = Dying(shop.mailbox, fuse, "delete", "append")  # type: ignore[assignment]
    shop.blobs = Dying(shop.blobs, fuse, "put_all")  # type: ignore[assignment]


def recover(shop: Trip) -> None:
    server = shop.transport._inner  # type: ignore[attr-defined]
    shop.close()
    shop.transport = server
    shop.open()
    # The server has delivered what it took, whatever became of us.
    shop.come_in()
    for _ in range(4):
        shop.wait(minutes=5)
        shop.round()
        shop.settle()


@SHARES
@pytest.mark.parametrize("files_sent", [True, False], ids=["server files Sent", "it does not"])
def test_a_death_at_any_effect_leaves_nothing_behind_and_doubles_nothing(
    tmp_path: Path, files_sent: bool, others: bool
) -> None:
    undisturbed = make(tmp_path / "undisturbed", files_sent=files_sent)
    fuse = Fuse(None)
    arm(undisturbed, fuse)
    undisturbed.go_round()
    effects = fuse.burnt
    undisturbed.close()
    assert effects > 15

    for length in share(range(1, effects + 1), others=others):
        shop = make(tmp_path / f"{length}", files_sent=files_sent)
        arm(shop, Fuse(length))
        with pytest.raises(KilledError):
            shop.go_round()
        recover(shop)

        assert len(shop.probes) <= 1, length
        assert len({*shop.probes}) == len(shop.probes)
        states = {*shop.outbox} - {"sent"}
        assert states <= {"queued"} or not shop.probes, (length, states)
        assert (shop.lies_in(), shop.lies_in("Sent")) == ([THEIRS], []), length
        flags = [one.flags for one in shop.account.messages()]
        assert flags == [{"\\Deleted"}]
        shop.close()
