"""What fuzzing found once stays mended, and a short fuzzing finds nothing new."""

import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from random import Random

import pytest

from tests.architecture.source import ROOT
from tests.fuzz.campaign import Campaign
from tests.fuzz.minimise import minimise
from tests.fuzz.mutation import LONGEST, mutate
from tests.fuzz.seeds import FOUND, mails
from tests.fuzz.targets import Answer, Target, look, targets

TARGETS = {target.name: target for target in targets()}


def test_what_was_found_once_stays_mended() -> None:
    """A find is named by its target: `parser-….eml`."""
    flaws = {
        path.name: look(TARGETS[path.name.partition("-")[0]], path.read_bytes(), twice=True).flaws
        for path in FOUND.glob("*.eml")
    }

    assert {name: found for name, found in flaws.items() if found} == {}


@pytest.mark.parametrize("name", TARGETS)
def test_every_target_holds_for_what_it_begins_with(name: str) -> None:
    target = TARGETS[name]
    begin = target.begin([])

    assert len(begin) >= 7
    assert [flaw for raw in begin for flaw in look(target, raw, twice=True).flaws] == []


@pytest.mark.campaign
def test_a_short_fuzzing_finds_nothing(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "tests.fuzz", "all", "--minutes", "0.08"]
    done = subprocess.run(
        [*command, "--keep", str(tmp_path)], cwd=ROOT, capture_output=True, text=True, check=False
    )

    assert done.returncode == 0, done.stdout + done.stderr
    assert [line.partition(":")[0] for line in done.stdout.splitlines()] == [*TARGETS]


def test_the_same_seed_does_the_same_damage_and_another_another() -> None:
    pool = mails()

    def damaged(seed: int) -> list[bytes]:
        random = Random(seed)
        return [mutate(random, random.choice(pool), random.choice(pool)) for _ in range(200)]

    assert damaged(1) == damaged(1)
    assert damaged(1) != damaged(2)
    assert max(map(len, damaged(1))) <= LONGEST


def dangerous(act: Callable[[], object]) -> Target:
    """A target that goes wrong where an input holds an `x`."""

    def check(raw: bytes) -> Answer:
        if b"x" in raw:
            act()
        return Answer((), (len(raw),))

    def damage(random: Random, raw: bytes, _: bytes) -> bytes:
        return raw + random.choice((b"a", b"b", b"x", b"c"))

    return Target("dangerous", lambda _: [b"begin"], damage, check)


def test_an_error_is_found_kept_and_made_small(tmp_path: Path) -> None:
    def act() -> None:
        raise KeyError("lost")

    campaign = Campaign(dangerous(act), tmp_path, seed=1)
    campaign.run(1, [])

    assert [*campaign.found.values()] == ["raises KeyError in test_fuzz_short.py act: 'lost'"]
    [kept] = tmp_path.glob("*.eml")
    assert kept.read_bytes() == b"x"


def test_what_kills_the_process_is_found_and_the_fuzzing_goes_on(tmp_path: Path) -> None:
    code = (
        "import os, signal, sys\n"
        "from pathlib import Path\n"
        "from tests.fuzz.campaign import Campaign\n"
        "from tests.fuzz.test_fuzz_short import dangerous\n"
        "die = lambda: os.kill(os.getpid(), signal.SIGSEGV)\n"
        "campaign = Campaign(dangerous(die), Path(sys.argv[1]), seed=1)\n"
        "campaign.run(1, [])\n"
        "print(*campaign.found.values(), campaign.executed > 1)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )

    assert done.stdout.strip() == "kills by signal 11 True"
    [kept] = tmp_path.glob("*.eml")
    assert b"x" in kept.read_bytes()


def test_what_does_not_kill_again_was_only_there_when_the_process_was_killed(
    tmp_path: Path,
) -> None:
    Campaign(dangerous(lambda: None), tmp_path, seed=1)._keep_killer(b"x", signal.SIGXCPU)

    assert [*tmp_path.iterdir()] == []


def test_minimising_leaves_what_the_flaw_needs() -> None:
    raw = b"a" * 500 + b"needle" + b"b" * 500

    assert minimise(raw, lambda one: b"needle" in one) == b"needle"
