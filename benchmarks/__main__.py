"""Measures ingest beside what it cannot beat, on throw-away servers, and what one ordinary mail
costs; prints a table of each.

python -m benchmarks [--runs 3] [--messages 2000] [--seed 1] [--postgresql] [--peer] [--write | --compare]
"""

import argparse
import os
import sys
from functools import partial

from benchmarks.ingest import measure
from benchmarks.message import MAILS
from benchmarks.message import measure as measure_message
from benchmarks.message import table as message_table
from benchmarks.table import (
    MESSAGES,
    REFERENCE,
    conclude,
    keep,
    keep_table,
    load_average,
    medians,
    read_reference,
    say,
    table,
    what_got_worse,
    wrong_of,
)


def main() -> int:
    given = _arguments()
    load = load_average()
    database = "postgresql" if given.postgresql else "sqlite"
    reference = read_reference().get(database, {})
    if given.compare and reference.get(MESSAGES) != given.messages:
        say(f"{REFERENCE.name} is about {reference.get(MESSAGES)} messages, not {given.messages}")
        return 64
    runs = [
        measure(
            given.messages,
            given.seed,
            partial(say, f"run {number}:"),
            postgresql=given.postgresql,
            peer=given.peer,
        )
        for number in range(1, given.runs + 1)
    ]
    options = f"--runs {given.runs} --messages {given.messages}"
    options += " --postgresql" if given.postgresql else ""
    options += " --peer" if given.peer else ""
    command = f"make bench ARGS='{options}'"
    written = table(runs, command, f"{load} before, {load_average()} after")
    if conclude(database, written, keep=False, wrong=wrong_of(run.verdict for run in runs)):
        return 1
    costs = measure_message(MAILS, given.seed)
    one_mail = message_table(costs, "make bench")
    print("", one_mail, sep="\n")
    if given.write:
        keep(database, written, runs)
        keep_table("message", one_mail)
    if given.compare and (worse := what_got_worse(medians(runs), reference)):
        say(f"more than 10 % worse than {REFERENCE.name}:")
        for line in worse:
            say(f"  {line}")
        if float(load) > (os.cpu_count() or 1) / 2:
            say(f"other programs were running (load {load}): measure again without them")
        return 1
    return 0


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make bench")
    parser.add_argument("--runs", type=int, default=3, help="the table shows the medians")
    parser.add_argument("--messages", type=int, default=2000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--postgresql", action="store_true", help="instead of SQLite")
    parser.add_argument(
        "--peer", action="store_true", help="another program, from PyPI, has the mailbox as well"
    )
    after = parser.add_mutually_exclusive_group()
    after.add_argument(
        "--write", action="store_true", help="keep the table and the ratios in the repository"
    )
    after.add_argument(
        "--compare", action="store_true", help="fail if a ratio is a tenth worse than what is kept"
    )
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
