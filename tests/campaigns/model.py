"""Anything in any order: customers, programs, staff, servers, faults, deaths, two daemons, time.

Hypothesis chooses what happens, `--steps` times in all, in lives of `--life` steps each; after each
step the promises are looked at, and each life ends with calm, in which everything must be settled.
What breaks a promise is made as short as it gets, and printed as a program. Nothing here is a real
server: tests/contract shows that the fakes are like them.

python -m tests.campaigns.model --steps 20000 --seed 1
"""

import argparse

from hypothesis import HealthCheck, Phase, seed, settings
from hypothesis.stateful import run_state_machine_as_test

from tests.campaigns.table import Table, conclude
from tests.model.machine import MailboxMachine


def campaign(steps: int, life: int, number: int) -> Table:
    """Live so many lives; return the figures."""
    long = settings(
        max_examples=max(1, steps // life),
        stateful_step_count=life,
        deadline=None,
        database=None,
        phases=(Phase.generate, Phase.shrink),
        suppress_health_check=list(HealthCheck),
        print_blob=False,
    )
    MailboxMachine.counts.clear()
    table = Table(f"model: {steps} steps in lives of {life}, seed {number}")
    broken = ""
    try:
        run_state_machine_as_test(seed(number)(MailboxMachine), settings=long)
    except AssertionError as error:
        notes = getattr(error, "__notes__", [])
        broken = f"{error}".partition("\n")[0]
        print("\n".join([broken, *notes]))
    for name, count in sorted(MailboxMachine.counts.items()):
        table.fact(name, count)
    table.none("promises that were broken", [broken] if broken else [])
    return table


def _given() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.campaigns.model")
    parser.add_argument("--steps", type=int, default=20_000)
    parser.add_argument("--life", type=int, default=60)
    parser.add_argument("--seed", type=int, default=1, dest="number")
    return parser.parse_args()


if __name__ == "__main__":
    conclude(lambda: campaign(**vars(_given())))
