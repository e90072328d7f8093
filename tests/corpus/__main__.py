"""Reads corpora with the program's own worker and prints how far it agrees with what is known.

python -m tests.corpus FOLDER [--set NAME …] [--differences]
python -m tests.corpus FOLDER --mutations N [--seed S] [--keep FOLDER]
python -m tests.corpus FOLDER --cards

FOLDER is a folder of corpora with its `loaders.py`. Exit code 1: a difference is not explained, a
reason is out of date, or something crashed or broke the bounds. `--differences` lists them all;
without it only those that are not explained. `--mutations` reads damaged messages instead, and
`--cards` counts in how many something is masked as a payment card's number.
"""

import argparse
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from maildaemon.adapters.log import set_up_log
from tests.corpus.cards import count_cards
from tests.corpus.comparing import Comparison, compare, compare_conversation
from tests.corpus.differences import FOLDER, Side, read_reasons
from tests.corpus.finding import Finding
from tests.corpus.loading import Case, Corpora, load_corpora
from tests.corpus.mutations import run_mutations
from tests.corpus.reading import Reader
from tests.corpus.table import Costs, Result, differences, judge, table

_LATEST = datetime.max.replace(tzinfo=UTC)


def main() -> int:
    given = _arguments()
    set_up_log(json_lines=False, level="error")
    try:
        corpora = load_corpora(given.folder)
    except FileNotFoundError as error:
        print(f"error: {error}", file=sys.stderr)
        return 66
    if unknown := {*given.sets} - {*corpora.sets}:
        print(f"error: there is no set {', '.join(sorted(unknown))}", file=sys.stderr)
        return 64
    if given.cards:
        counted = count_cards(corpora, given.sets or [*corpora.sets])
        print(*counted.lines(), sep="\n")
        return 0 if counted.sound else 1
    if given.mutations:
        sets = given.sets or [*corpora.sets]
        campaign = run_mutations(corpora, sets, given.mutations, given.seed, given.keep)
        for kind, them in campaign.found.items():
            print(*(f"{kind.upper()} {one}" for one in them), sep="\n", end="\n" if them else "")
        print(*campaign.lines())
        return 0 if campaign.sound else 1
    return 0 if _print_tables(corpora, given) else 1


def _print_tables(corpora: Corpora, given: argparse.Namespace) -> bool:
    sound = True
    with Reader() as reader:
        for name in given.sets or corpora.sets:
            result = run(corpora, name, reader, given.reasons)
            sound = sound and result.sound
            print(*table(result), "", sep="\n")
            listed = differences(result)
            if not given.differences:
                result = _unexplained(result)
                listed = differences(result)
            print(*listed, "", sep="\n")
    return sound


def run(corpora: Corpora, name: str, reader: Reader, reasons: Path) -> Result:
    """Return what came of a set."""
    findings: list[Finding] = []
    uncompared: frozenset[str] = frozenset()
    costs = Costs()
    for case in corpora.cases(name):
        for comparison in _compare(corpora, case, reader, costs):
            findings += comparison.findings
            uncompared |= comparison.uncompared
    return judge(name, findings, uncompared, read_reasons(name, reasons), costs)


def _compare(corpora: Corpora, case: Case, reader: Reader, costs: Costs) -> Iterator[Comparison]:
    if not case.members:
        reading = reader.read(case.name, case.raw)
        costs.add(reading)
        yield compare(corpora, case, reading)
        return
    conversation = reader.converse(case.members)
    for reading in conversation.readings:
        costs.add(reading)
    yield compare_conversation(case, conversation, "as listed")
    # Who takes part is known by what has come before.
    dates = {one.name: one.message.date or _LATEST for one in conversation.readings}
    members = sorted(case.members, key=lambda member: dates[member[0]])
    yield compare_conversation(case, reader.converse(members), "by date")


def _unexplained(result: Result) -> Result:
    left = [(one, why) for one, why in result.findings if why and why.who is Side.UNEXPLAINED]
    return Result(result.name, left, result.uncompared, result.stale, result.costs)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.corpus", description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--set", dest="sets", action="append", default=[], metavar="NAME")
    parser.add_argument("--differences", action="store_true")
    parser.add_argument("--cards", action="store_true")
    parser.add_argument("--mutations", type=int, default=0, metavar="N")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument(
        "--keep", type=Path, default=Path(".fuzz/mutations"), help="where inputs that break it go"
    )
    parser.add_argument("--reasons", type=Path, default=FOLDER, help=argparse.SUPPRESS)
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
