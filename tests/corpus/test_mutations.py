"""A campaign of damaged messages is repeatable, and tells what must not happen."""

from pathlib import Path

import pytest

from tests.corpus import mutations
from tests.corpus.mutations import Campaign, damaged
from tests.corpus.reading import WatchedParser
from tests.fuzz.seeds import mails

MESSAGES = [(f"mail {number}", raw) for number, raw in enumerate(mails())]


def test_a_message_depends_on_its_number_and_the_seed_alone() -> None:
    assert damaged(MESSAGES, 1, 17) == damaged(MESSAGES, 1, 17)
    assert damaged(MESSAGES, 1, 17) != damaged(MESSAGES, 2, 17)


def test_three_hundred_damaged_mails_break_nothing(tmp_path: Path) -> None:
    campaign = Campaign(tmp_path)
    campaign.run(MESSAGES, 300, seed=1)

    assert campaign.found == {"crashed": [], "slow": [], "large": [], "unsound": []}
    assert campaign.read == 300
    assert 0 < campaign.largest < 300_000_000


def test_a_process_that_dies_counts_although_the_daemon_survives_it(tmp_path: Path) -> None:
    class Dying(WatchedParser):
        def _ready_child(self):  # type: ignore[no-untyped-def]
            child = super()._ready_child()
            if child.parsed == 2:
                child.kill()
                child._process.wait()
            return child

    campaign = Campaign(tmp_path)
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(mutations, "WatchedParser", Dying)
        campaign.run(MESSAGES, 4, seed=1)

    # The third message killed its first process, and was read by the next one.
    [crash] = campaign.found["crashed"]
    assert "process ended with -9 (from mail 2)" in crash
    assert [path.name for path in tmp_path.iterdir()] == ["crashed-2.eml"]
    assert not campaign.sound
