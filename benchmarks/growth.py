"""What a message costs among a thousand records, and among a million.

python -m benchmarks.growth [--messages 600] [--records 1000 100000 1000000] [--postgresql]
                            [--seed 1] [--write]

At each number of records a shop is filled anew. Half of the messages go through the stages one by
one, which count statements and time the look-ups; the other half come to the running daemon, whose
processor time is the kernel's: its own and its worker's, not the database server's.
"""

import argparse
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from benchmarks.ingest import deliver, run_module, written_now
from benchmarks.judge import Verdict
from benchmarks.processes import cpu_of
from benchmarks.stored import Stored, stored
from benchmarks.table import conclude, count_wrong, load_average, say, wrong_of
from tests.campaigns.table import machine
from tests.servers.process import wait_until

GOAL = 1.2
_PATIENCE = 60


@dataclass(frozen=True, slots=True)
class Growth:
    """What a message costs at so many records: milliseconds, and statements."""

    records: int
    messages: int
    cpu: float
    wall: float
    look_ups: float
    commit: float
    together: float
    statements: float
    verdict: Verdict


def measure(
    messages: int, records: int, seed: int, said: Callable[[str], None], *, postgresql: bool = False
) -> Growth:
    """Ingest messages beside so many records."""
    with stored("growth", records, seed, said, postgresql=postgresql) as shop:
        letters = [*written_now(seed, messages)]
        half = messages // 2
        said(f"{half} messages through the stages at {shop.records} records")
        _, truths = deliver(shop.installation, letters[:half])
        apart = run_module(
            shop.installation, "benchmarks.stages", str(shop.installation.config), str(half)
        )
        shop.start()
        _wait_sent(shop, len({one.person for one in truths if one.acknowledged}))
        said(f"{messages - half} messages to the daemon")
        journal, cpu, began = (
            shop.newest("inbound"),
            cpu_of(shop.installation.pid).total,
            time.perf_counter(),
        )
        truths += deliver(shop.installation, letters[half:])[1]
        shop.wait_concluded(journal, messages - half, _PATIENCE + messages)
        _wait_sent(shop, len({one.person for one in truths if one.acknowledged}))
        wall = time.perf_counter() - began
        cpu = cpu_of(shop.installation.pid).total - cpu
        stages = apart["seconds"]
        return Growth(
            records=shop.records,
            messages=messages,
            cpu=cpu / (messages - half) * 1000,
            wall=wall / (messages - half) * 1000,
            look_ups=stages["context"] / half * 1000,
            commit=stages["records"] / half * 1000,
            together=sum(stages.values()) / half * 1000,
            statements=sum(apart["statements"].values()) / half,
            verdict=shop.judge(truths),
        )


def _wait_sent(shop: Stored, due: int) -> None:
    shop.sink.wait_accepted(shop.accepted + due, _PATIENCE + due)
    # What is accepted is recorded a moment later.
    newest = f"SELECT count(*) FROM outbox WHERE id > {shop.newest('outbox') - due}"
    wait_until(lambda: not shop.count(f"{newest} AND state = 'queued'"), _PATIENCE, "all is sent")


def table(found: Sequence[Growth], command: str) -> str:
    """Return the table as Markdown: the ratios are to the smallest number of records."""
    rows: dict[str, Callable[[Growth], float]] = {
        "CPU of daemon and worker, ms": lambda it: it.cpu,
        "clock, from delivery to the last acknowledgement, ms": lambda it: it.wall,
        "SQL statements": lambda it: it.statements,
        "stages: look-ups for the decision, ms": lambda it: it.look_ups,
        "stages: records, queue, commit, ms": lambda it: it.commit,
        "stages together, ms": lambda it: it.together,
    }
    heads = " | ".join(f"{it.records:,} records" for it in found)
    lines = []
    for name, of in rows.items():
        values = [of(it) for it in found]
        ratios = [f" ({it / values[0]:.2f})" if values[0] else "" for it in values[1:]]
        told = [f"{it:.2f}{ratio}" for it, ratio in zip(values, ["", *ratios], strict=True)]
        lines.append(f"| {name} | {' | '.join(told)} |")
    return "\n".join(
        (
            f"`{command}`: {machine()}, load {load_average()}.",
            "",
            f"{found[0].messages} messages each; in brackets the ratio to the first (goal: {GOAL}).",
            "",
            f"| a message | {heads} |",
            f"|---|{'---:|' * len(found)}",
            *lines,
            "",
            count_wrong(one.verdict for one in found),
        )
    )


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.growth", description=__doc__)
    parser.add_argument("--messages", type=int, default=600)
    parser.add_argument("--records", type=int, nargs="+", default=[1000, 100_000, 1_000_000])
    parser.add_argument("--postgresql", action="store_true", help="instead of SQLite")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--write", action="store_true", help="keep the table in the repository")
    given = parser.parse_args()
    found = [
        measure(given.messages, records, given.seed, say, postgresql=given.postgresql)
        for records in given.records
    ]
    written = table(found, " ".join((parser.prog, *sys.argv[1:])))
    name = "growth-postgresql" if given.postgresql else "growth"
    return conclude(name, written, keep=given.write, wrong=wrong_of(one.verdict for one in found))


if __name__ == "__main__":
    sys.exit(main())
