"""How many mails a second `maildaemon simulate` takes of the bench's mailbox.

python -m benchmarks.simulate [--messages 2000] [--seed 1] [--write]

The start of the program is included. A mail delivered twice stands in the file twice.
"""

import argparse
import json
import resource
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from benchmarks.ingest import written_now
from benchmarks.mailbox import SUPPORT, Letter, describe
from benchmarks.table import conclude, load_average
from maildaemon.settings import minimal
from tests.campaigns.table import machine


@dataclass(frozen=True, slots=True)
class Simulated:
    """Seconds; bytes of its largest process; how many messages of each kind it has found, and how
    many there are: one that came twice is one.
    """

    sizes: list[int]
    found: Mapping[str, int]
    there: Mapping[str, int]
    seconds: float
    cpu: float
    memory: int


def measure(messages: int, seed: int) -> Simulated:
    """Simulate the mailbox in a process of its own."""
    letters = [*written_now(seed, messages)]
    with tempfile.TemporaryDirectory() as name:
        folder, config = Path(name) / "mail", Path(name) / "maildaemon.yaml"
        folder.mkdir()
        _write_mbox(folder / "inbox.mbox", letters)
        config.write_text(minimal(SUPPORT, "localhost", "localhost"), "utf-8")
        command = [sys.executable, "-m", "maildaemon", "--config", str(config), "simulate"]
        before, began = _spent(), time.perf_counter()
        done = subprocess.run(
            [*command, "--json", str(folder)], stdout=subprocess.PIPE, check=True, text=True
        )
        seconds, cpu = time.perf_counter() - began, _spent() - before
    *_, summary = map(json.loads, done.stdout.splitlines())
    memory = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss * 1024
    truths = {it.truth.number: it.truth.kind for it in letters}
    return Simulated(
        sizes=[len(it.raw) for it in letters],
        found=summary["messages"],
        there=Counter(truths.values()),
        seconds=seconds,
        cpu=cpu,
        memory=memory,
    )


def _spent() -> float:
    children = resource.getrusage(resource.RUSAGE_CHILDREN)
    return children.ru_utime + children.ru_stime


def _write_mbox(path: Path, letters: Iterable[Letter]) -> None:
    with path.open("wb") as file:
        for one in letters:
            # As the server that takes it in would have noted it.
            raw = b"Return-Path: <%s>\r\n%s" % (one.reverse_path.encode(), one.raw)
            quoted = raw.replace(b"\r\n", b"\n").replace(b"\nFrom ", b"\n>From ")
            file.write(b"From - Mon Jan  5 08:00:00 2026\n%s\n\n" % quoted)


def table(found: Simulated, command: str) -> str:
    """Return the table as Markdown."""
    count = len(found.sizes)
    cpu = f"{found.cpu / count * 1000:.1f}"
    memory = f"{found.memory / 1_000_000:.0f} MB"
    return "\n".join(
        (
            f"`{command}`: {machine()}, load {load_average()}. {describe(found.sizes)}.",
            "",
            "| messages | mails a second | ms of CPU a mail | largest process |",
            "|---:|---:|---:|---:|",
            f"| {' | '.join((f'{count}', f'{count / found.seconds:.0f}', cpu, memory))} |",
        )
    )


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.simulate", description=__doc__)
    parser.add_argument("--messages", type=int, default=2000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--write", action="store_true", help="keep the table in the repository")
    given = parser.parse_args()
    found = measure(given.messages, given.seed)
    written = table(found, " ".join((parser.prog, *sys.argv[1:])))
    right = found.found == found.there
    wrong = () if right else (f"{dict(found.found)}, not {dict(found.there)}",)
    return conclude("simulate", written, keep=given.write, wrong=wrong)


if __name__ == "__main__":
    sys.exit(main())
