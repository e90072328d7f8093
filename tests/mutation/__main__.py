"""Makes small mistakes in the parts that must never be wrong, and counts those that a test notices.

For each of them only the tests run that `make coverage` saw execute the line. Of each part `--sample`
mistakes are chosen by `--seed` (0: all); `--only` names the parts. Survivors are listed: each is
either of no consequence, or shows a test that is missing.

python -m tests.mutation --sample 150 --seed 1
"""

import argparse
import sys
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from random import Random

from tests.campaigns.table import Table, machine
from tests.mutation.choosing import Choice
from tests.mutation.mutants import Mutant, as_it_is, mutants
from tests.mutation.running import Running, Verdict, load_once

_ROOT = Path("maildaemon")
PARTS = {
    "gate": ("domain/decide.py", "domain/automatic.py"),
    "threads": ("domain/matching.py", "domain/threads.py"),
    "outbox": (
        "services/deliver.py",
        "adapters/sql/outbox.py",
        "adapters/sql/claim.py",
        "domain/delivery.py",
    ),
}
_PROMISED = 0.9
# A machine that is busy takes its time; what goes on for ever does so for longer.
_PATIENCE, _AT_LEAST = 10, 120
_TICK = 0.05


def run(chosen: list[Mutant], choice: Choice, jobs: int) -> Iterator[tuple[Mutant, Verdict]]:
    """Yield what became of each, so many at a time."""
    waiting, under_way = chosen[::-1], list[Running]()
    while waiting or under_way:
        while waiting and len(under_way) < jobs:
            mutant = waiting.pop()
            tests = choice.tests(mutant)
            patience = _AT_LEAST + _PATIENCE * choice.seconds(tests)
            under_way.append(Running(mutant, tests, patience))
        over = [one for one in under_way if one.poll() is not None]
        under_way = [one for one in under_way if one.verdict is None]
        for one in over:
            assert one.verdict is not None
            yield one.mutant, one.verdict
        if not over:
            time.sleep(_TICK)  # noqa: TID251  nothing announces the end of a process


def campaign(given: argparse.Namespace) -> Table:
    """Make the mistakes; return the figures."""
    choice = Choice(given.data, given.times, given.longest)
    load_once()
    table = Table(f"mutation: at most {given.sample or 'all'} of each part, seed {given.seed}")
    for part in given.only.split(","):
        every = [one for name in PARTS[part] for one in mutants(_ROOT / name)]
        random = Random(given.seed)
        chosen = random.sample(every, min(given.sample or len(every), len(every)))
        _require_right(chosen, choice)
        counts: Counter[Verdict] = Counter()
        for mutant, verdict in run(chosen, choice, given.jobs):
            counts[verdict] += 1
            if counts.total() % 20 == 0:
                print(f"{part}: {counts.total()} of {len(chosen)}", file=sys.stderr, flush=True)
            if verdict in {Verdict.SURVIVED, Verdict.UNTESTED}:
                print(f"{verdict}  {mutant}", flush=True)
        killed = counts[Verdict.KILLED] + counts[Verdict.TIMEOUT]
        table.fact(f"{part}: mistakes made", f"{len(chosen)} of {len(every)}")
        table.fact(f"{part}: of them ended by time", counts[Verdict.TIMEOUT])
        table.promise(
            f"{part}: noticed",
            f"{killed / len(chosen):.1%}",
            killed >= _PROMISED * len(chosen),
            f">= {_PROMISED:.0%}",
        )
    return table


def _require_right(chosen: list[Mutant], choice: Choice) -> None:
    """Run what is chosen most on the modules as they are: what fails there proves nothing."""
    for path in {one.path: None for one in chosen}:
        often = Counter(test for one in chosen if one.path == path for test in choice.tests(one))
        right = Running(as_it_is(path), [test for test, _ in often.most_common(40)], 1800)
        while right.poll() is None:
            time.sleep(_TICK)  # noqa: TID251  nothing announces the end of a process
        assert right.verdict is Verdict.SURVIVED, f"without a mistake: {right.verdict} ({path})"


def _given() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.mutation")
    parser.add_argument("--sample", type=int, default=150, help="of each part; 0: all")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--only", default=",".join(PARTS), help="some of these")
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument(
        "--longest", type=float, default=400, help="seconds of tests for a mistake, measured"
    )
    parser.add_argument("--data", type=Path, default=Path(".coverage"))
    parser.add_argument("--times", type=Path, default=Path(".test-times.xml"))
    return parser.parse_args()


if __name__ == "__main__":
    table = campaign(_given())
    print(f"\n{table}\n\n{' '.join(sys.orig_argv[1:])}\n{machine()}")
    sys.exit(1 if table.broken else 0)
