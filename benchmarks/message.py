"""What one ordinary mail costs the processor, stage by stage: parse, understand, decide.

python -m benchmarks.message [--messages 400] [--passes 5] [--seed 1] [--write]

The mail: some 10 KB, plain text and HTML as mail programs write it, every second one an answer
with a quotation. It goes through the worker and through `decide`, beside a database that knows the
mails before it. The stages are those of the same mails parsed in this process.

All of them are walked several times, each time with a new worker and an empty database, and what
`re` has compiled forgotten. Of each mail and stage the best pass counts, as timeit has it: what
a pass takes longer than that is the machine's doing. Sums are those of one pass, the best of them;
mail-parser alone is measured in the same way. The table shows medians over the mails.
"""

import argparse
import re
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from inspect import isfunction
from pathlib import Path
from random import Random
from statistics import median, quantiles
from tempfile import TemporaryDirectory
from typing import Any
from unittest.mock import patch

import mailparser

from benchmarks import mime
from benchmarks.mailbox import SUPPORT
from benchmarks.stopwatch import Stopwatch
from benchmarks.table import keep_table, load_average
from benchmarks.texts import Language, as_html, choose_language, prose, quoted
from maildaemon.adapters.sql.schema import upgrade
from maildaemon.adapters.sql.store import SqlStore
from maildaemon.adapters.worker import ProcessParser
from maildaemon.bootstrap import make_desk
from maildaemon.domain.context import Decision
from maildaemon.domain.decide import decide
from maildaemon.domain.message import Message
from maildaemon.mail import parse
from maildaemon.mail.language import warm_up
from maildaemon.mail.tree import Tree
from maildaemon.ports import Role
from maildaemon.ports.rows import InboundRow
from maildaemon.services.apply import apply
from maildaemon.services.context import load_context
from maildaemon.services.desk import Desk
from maildaemon.services.explain import Unwritten
from maildaemon.settings import minimal, read_settings
from tests.campaigns.table import machine

LIMIT = 5.0
MAILS = 400
PASSES = 5
_UNTIL = datetime(2026, 11, 20, 18, tzinfo=UTC)
_WARM = 20
# What `parse_message` calls, by the module that it has it from.
_STAGES = {
    "prescan": "header: bounds, fields, identity",
    "fields": "header: bounds, fields, identity",
    "tree": "MIME tree",
    "structure": "MIME tree",
    "bodies": "text",
    "text": "text",
    "quotes": "quotes",
    "replies": "quotes",
    "language": "language",
    "bounces": "bounce look",
    "files": "files",
    "receipts": "bounce look",
    "search": "understand",
}
_CONTEXT = "load context"
_REST = "parse: between them"


@dataclass(frozen=True, slots=True)
class Costs:
    """Of each message, in the best of its passes: milliseconds through the worker to the decision
    as the clock has them, and milliseconds of processor time by stage, for the stages that are
    promised, for all of them, and for mail-parser alone.
    """

    passes: int
    sizes: Sequence[int]
    whole: Sequence[float]
    stages: Sequence[dict[str, float]]
    promised: Sequence[float]
    together: Sequence[float]
    library: Sequence[float]


@dataclass(frozen=True, slots=True)
class Pass:
    """What one walk through the mails took of each."""

    whole: Sequence[float]
    stages: Sequence[dict[str, float]]
    library: Sequence[float]


def typical(seed: int, count: int) -> Iterator[bytes]:
    """Yield mails as customers write them, in the languages of the bench's mailbox."""
    for number in range(count):
        random = Random(f"{seed}:{number}")
        yield _mail(number, choose_language(random), random, _UNTIL - timedelta(minutes=number))


def _mail(number: int, language: Language, random: Random, at: datetime) -> bytes:
    sender = f"person{number}@customer{number % 97}.example"
    text = prose(language, random, random.choice((150, 400, 700, 1000)), f"Person {number}") + "\n"
    old, answer = "", number % 2
    if answer:
        wrote = language.wrote.format(date=format_datetime(at), ours=SUPPORT)
        old = quoted(prose(language, random, 700, "Support"), wrote)
    plain = mime.text(f"{text}\n{old}\n", "utf-8", random, "plain")
    # What surrounds the words in a mail of Outlook or of a newsletter tool weighs more than they do.
    page = as_html(text, random, old).replace("<body>", f"<body>{_mess(random)}")
    html = mime.text(page, "utf-8", random, "html")
    header = [
        *mime.trace(random, at, sender),
        ("From", f"{mime.encoded('Jürgen Weiß', random)} <{sender}>"),
        ("To", f"Support <{SUPPORT}>"),
        ("Subject", mime.encoded(language.reply_prefix * answer + language.subjects[0], random)),
        ("Date", format_datetime(at)),
        ("Message-ID", f"<typical.{number}@customer{number % 97}.example>"),
        *([("In-Reply-To", f"<unknown.{number}@example.test>")] if answer else []),
        *mime.programs_fields(random),
    ]
    return mime.message(header, mime.multipart("alternative", random, plain, html))


def _mess(random: Random) -> str:
    cell = '<td style="padding:0 4px;font-family:Calibri,sans-serif" width="{}"><span>&nbsp;</span></td>'
    row = "".join(cell.format(random.randrange(600)) for _ in range(4))
    rows = f'<table border="0" cellspacing="0"><tr>{row}</tr></table>' * 4
    return f'<div style="display:none;max-height:0">&#847;&zwnj;</div>{rows}<!--[if mso]><p>x</p><![endif]-->'


def measure(messages: int, seed: int, passes: int = PASSES) -> Costs:
    """Return what they cost; in each pass the first few only warm things up."""
    raws = [*typical(seed, messages + _WARM)]
    warm_up()
    sizes = [len(raw) for raw in raws[_WARM:]]
    return best_of([_walk(raws) for _ in range(passes)], sizes)


def best_of(walked: Sequence[Pass], sizes: Sequence[int]) -> Costs:
    """Return the costs of each mail in the best of the passes."""
    return Costs(
        len(walked),
        sizes,
        whole=_best([it.whole for it in walked]),
        stages=[
            _best_stages(of_mail) for of_mail in zip(*(it.stages for it in walked), strict=True)
        ],
        promised=_best([[*map(_promised, it.stages)] for it in walked]),
        together=_best([[sum(one.values()) for one in it.stages] for it in walked]),
        library=_best([it.library for it in walked]),
    )


def _best(passes: Sequence[Sequence[float]]) -> list[float]:
    return [min(of_mail) for of_mail in zip(*passes, strict=True)]


def _best_stages(passes: Sequence[dict[str, float]]) -> dict[str, float]:
    names = dict.fromkeys(name for one in passes for name in one)
    return {name: min(one.get(name, 0.0) for one in passes) for name in names}


def _promised(stages: dict[str, float]) -> float:
    """Return what parse, understand and decide take together, without the look-ups."""
    return sum(stages.values()) - stages[_CONTEXT]


def _walk(raws: Sequence[bytes]) -> Pass:
    with _bench() as bench:
        whole = [bench.through_the_worker(raw) for raw in raws]
    # Each boundary is an expression of its mail, and the library's cache has room for all of them.
    re.purge()
    with _bench() as bench:
        stages = [bench.stage_by_stage(raw) for raw in raws]
    re.purge()
    library = [*map(_by_library, raws)]
    return Pass(whole[_WARM:], stages[_WARM:], library[_WARM:])


def _by_library(raw: bytes) -> float:
    began = time.process_time()
    mailparser.parse_from_bytes(raw)  # type: ignore[no-untyped-call]
    return (time.process_time() - began) * 1000


@contextmanager
def _bench() -> Iterator["_Bench"]:
    with TemporaryDirectory() as folder:
        bench = _Bench(Path(folder))
        try:
            yield bench
        finally:
            bench.close()


class _Bench:
    """A database that fills while the mails are decided."""

    def __init__(self, folder: Path) -> None:
        settings = read_settings(minimal(SUPPORT, "localhost", "localhost"), folder / "a.yaml")
        self._store = SqlStore(f"sqlite:///{folder / 'bench.db'}")
        upgrade(self._store.engine)
        self._desk: Desk = make_desk(self._store, settings, settings.mailboxes[0], bytes(32))
        self._parser = ProcessParser()

    def close(self) -> None:
        self._parser.close()
        self._store.close()

    def through_the_worker(self, raw: bytes) -> float:
        began = time.perf_counter()
        message = self._parser.parse(raw, self._desk.policy.reading).message
        parsed = time.perf_counter() - began
        with self._store.begin() as tx:
            row = _row(self._desk, message)
            began = time.perf_counter()
            context = load_context(tx, row, message, self._desk, row.recorded_at)
            decision = decide(message, context)
            decided = time.perf_counter() - began
            self._keep(tx, row, message, decision)
        return (parsed + decided) * 1000

    def stage_by_stage(self, raw: bytes) -> dict[str, float]:
        watch = Stopwatch(time.process_time)
        with _watched(watch):
            parsed = parse.parse_message(raw, self._desk.policy.reading)
        message = parsed.message
        with self._store.begin() as tx:
            row = _row(self._desk, message)
            with watch.stage(_CONTEXT):
                context = load_context(tx, row, message, self._desk, row.recorded_at)
            with watch.stage("decide"):
                decision = decide(message, context)
            self._keep(tx, row, message, decision)
        return {name: seconds * 1000 for name, seconds in watch.seconds.items()}

    def _keep(self, tx: Any, row: InboundRow, message: Message, decision: Decision) -> None:
        apply(tx, Unwritten(), self._desk, row, message, decision, row.recorded_at)


def _row(desk: Desk, message: Message) -> InboundRow:
    at = message.date or _UNTIL
    return InboundRow(
        inbound_id=0,
        mailbox_id=desk.mailbox_id,
        role=Role.INBOX,
        uid=0,
        fence=0,
        failures=0,
        alone=False,
        history=False,
        header_only=False,
        size=message.size,
        received_at=at,
        recorded_at=at,
        raw_sha256=None,
    )


@contextmanager
def _watched(watch: Stopwatch) -> Iterator[None]:
    with ExitStack() as stack:
        for name, work in [*vars(parse).items()]:
            stage = _STAGES.get(getattr(work, "__module__", "").rpartition(".")[2])
            if stage and (isfunction(work) or work is Tree):
                stack.enter_context(patch.object(parse, name, watch.timed(stage, work)))
        stack.enter_context(watch.stage(_REST))
        yield


def table(costs: Costs, command: str) -> str:
    """Return the table as Markdown."""
    names = dict.fromkeys(name for one in costs.stages for name in one)
    rows = {
        "worker (both ways) + context + decide, by the clock": costs.whole,
        **{f"{name}, CPU": [one.get(name, 0.0) for one in costs.stages] for name in names},
        "parse + understand + decide, CPU": costs.promised,
        "the stages together, CPU": costs.together,
        "for comparison: mail-parser alone, CPU": costs.library,
    }
    measured = (
        f"`{command}`: {machine()}, load {load_average()}. {len(costs.sizes)} mails,"
        f" median {median(costs.sizes) / 1000:.1f} KB; of each, the best of {costs.passes} passes."
    )
    lines = [
        f"| {name} | {median(them):.2f} | {quantiles(them, n=20)[18]:.2f} |"
        for name, them in rows.items()
    ]
    head = ("| ms a mail | median | 95th in a hundred |", "|---|---:|---:|")
    share = median(costs.promised) / median(costs.library)
    # Machines differ, and a busy neighbour slows a whole run down; the ratio is what stays.
    ratio = f"Parse, understand and decide together: {share:.2f} times mail-parser alone."
    return "\n".join((measured, "", *head, *lines, "", ratio))


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.message", description=__doc__)
    parser.add_argument("--messages", type=int, default=MAILS)
    parser.add_argument("--passes", type=int, default=PASSES, help="the best of them counts")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--write", action="store_true", help="keep the table in the repository")
    given = parser.parse_args()
    costs = measure(given.messages, given.seed, given.passes)
    written = table(
        costs, f"python -m benchmarks.message --messages {given.messages} --passes {given.passes}"
    )
    print(written)
    if given.write:
        keep_table("message", written)
    if median(costs.promised) > LIMIT:
        print(f"more than {LIMIT:g} ms a mail", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
