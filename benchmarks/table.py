"""What a bench prints and keeps: a table for people, ratios for `--compare`."""

import json
import os
import re
import sqlite3
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from statistics import median

from benchmarks.ingest import Run
from benchmarks.judge import Verdict
from benchmarks.mailbox import describe
from benchmarks.peer import NAME as PEER
from tests.campaigns.installation import ROOT
from tests.campaigns.table import machine

PAGE = ROOT / "docs" / "performance.md"
REFERENCE = ROOT / "benchmarks" / "reference.json"
WORSE = 1.10
MESSAGES = "messages"
_MB = 1_000_000
_STAGES = {
    "fetch": "fetch over IMAP",
    "blobs": "raw message to disk, fsync",
    "journal": "journal and cursor (R)",
    "claim": "claim (C1)",
    "parse": "parse in the worker, both ways through its pipes",
    "files": "files to disk, fsync; raw message read back",
    "context": "what is known: look-ups for the decision",
    "decide": "decide",
    "compose": "compose the response",
    "records": "records, queue, commit (P)",
    "rest": "between them",
}


@dataclass(frozen=True, slots=True)
class Figure:
    """One line: a value of each run, of which the median is shown."""

    name: str
    of: Callable[[Run], float]
    unit: str = ""
    digits: int = 1

    def median(self, runs: Sequence[Run]) -> float:
        return median(self.of(run) for run in runs)

    def row(self, runs: Sequence[Run]) -> str:
        values = [f"{self.of(run):.{self.digits}f}" for run in runs]
        middle = f"{self.median(runs):.{self.digits}f}{self.unit}"
        return f"| {self.name} | {middle} | {', '.join(values)} |"


# These may not get worse: in the order in which people ask for them.
RATIOS = (
    Figure("time: ingest ÷ mail-parser alone", lambda r: r.ingest.seconds / r.parse["seconds"]),
    Figure("time: ingest ÷ raw download", lambda r: r.ingest.seconds / r.download["seconds"]),
    Figure("CPU: ingest ÷ mail-parser alone", lambda r: r.ingest.cpu.total / r.parse["cpu"]),
    Figure("memory, peak (PSS of all processes)", lambda r: r.ingest.peak / _MB, " MB", 0),
    Figure("memory, idle afterwards", lambda r: r.ingest.idle / _MB, " MB", 0),
    Figure("SQL statements a message", lambda r: sum(r.statements.values()) / len(r.sizes)),
)
_FACTS = (
    Figure("messages a second", lambda r: len(r.sizes) / r.ingest.seconds),
    Figure("ingest: start of `run` to the last record", lambda r: r.ingest.seconds, " s"),
    Figure("… to the last acknowledgement accepted", lambda r: r.ingest.answered, " s"),
    Figure("CPU of the daemon", lambda r: r.ingest.cpu.daemon, " s"),
    Figure("CPU of its parse workers", lambda r: r.ingest.cpu.children, " s"),
    Figure("mail-parser alone, one core", lambda r: r.parse["seconds"], " s"),
    Figure("raw download alone, imapclient over TLS", lambda r: r.download["seconds"], " s"),
)

# Where another program had the mailbox as well.
_PEER = (
    Figure(
        f"{PEER}, messages a second", lambda r: _of_peer(r, "messages") / _of_peer(r, "seconds")
    ),
    Figure(
        f"time: {PEER} ÷ ingest, a message",
        lambda r: (
            _of_peer(r, "seconds") * len(r.sizes) / _of_peer(r, "messages") / r.ingest.seconds
        ),
    ),
    Figure(f"messages at which {PEER} ended", lambda r: _of_peer(r, "lost"), "", 0),
)


def _of_peer(run: Run, what: str) -> float:
    return (run.peer or {})[what]


def table(runs: Sequence[Run], command: str, load: str) -> str:
    """Return the table as Markdown."""
    first = runs[0]
    figures = (*RATIOS, *_FACTS, *(_PEER if first.peer else ()))
    head = f"| | median | {'each run' if len(runs) > 1 else 'the run'} |\n|---|---:|---|"
    return "\n".join(
        (
            f"`{command}`: {machine()}, load {load}; {_versions()}.",
            "",
            f"The mailbox: {describe([*first.sizes])}. Besides what `init` writes: {_options(first)}.",
            "",
            head,
            *(figure.row(runs) for figure in figures),
            "",
            "The stages one after the other in one thread, nothing sent (ms a message):",
            "",
            head,
            *(figure.row(runs) for figure in _stages(first)),
            "",
            "Right meanwhile, the worst of all runs:",
            "",
            "| | |\n|---|---:|",
            *(f"| {name} | {value} |" for name, value in _correctness(runs)),
        )
    )


def _stages(first: Run) -> list[Figure]:
    def milliseconds(stage: str) -> Callable[[Run], float]:
        return lambda run: run.stages.get(stage, 0.0) * 1000 / len(run.sizes)

    def whole(run: Run) -> float:
        return sum(run.stages.values()) * 1000 / len(run.sizes)

    unnamed = {stage: stage for stage in first.stages if stage not in _STAGES}
    named = [Figure(name, milliseconds(one), "", 2) for one, name in (_STAGES | unnamed).items()]
    return [*named, Figure("together", whole, "", 2)]


def _correctness(runs: Sequence[Run]) -> list[tuple[str, str]]:
    worst = {
        name: max(len(getattr(run.verdict, name)) for run in runs)
        for name in ("lost", "doubled", "misthreaded", "merged", "misjudged", "files", "mails")
    }
    one = runs[0].verdict
    return [
        ("lost", f"{worst['lost']}"),
        ("recorded twice", f"{worst['doubled']}"),
        ("replies in another thread than their conversation", f"{worst['misthreaded']} of {one.replies}"),
        ("threads that hold two conversations", f"{worst['merged']}"),
        ("messages of the wrong kind", f"{worst['misjudged']}"),
        ("mails with a file missing, or of another name, size or verdict", f"{worst['files']} ({one.attachments} files)"),
        ("people with too many mails or too few", f"{worst['mails']} ({one.acknowledged} acknowledged)"),
    ]  # fmt: skip


def medians(runs: Sequence[Run]) -> dict[str, float]:
    """Return what `--compare` compares."""
    return {figure.name: round(figure.median(runs), 2) for figure in RATIOS}


def what_got_worse(found: Mapping[str, float], reference: Mapping[str, float]) -> list[str]:
    """Return a line for each figure that is more than a tenth above the reference."""
    return [
        f"{name}: {found[name]:g}, was {before:g}"
        for name, before in reference.items()
        if name in found and found[name] > before * WORSE
    ]


def read_reference() -> dict[str, dict[str, float]]:
    """Return what is kept, by database."""
    kept: dict[str, dict[str, float]] = json.loads(REFERENCE.read_text("utf-8"))
    return kept


def keep(database: str, written: str, runs: Sequence[Run]) -> None:
    """Put the table into the page, and the ratios beside it."""
    keep_table(database, written)
    found = {MESSAGES: len(runs[0].sizes), **medians(runs)}
    kept = read_reference() | {database: found}
    REFERENCE.write_text(json.dumps(kept, indent=2, ensure_ascii=False) + "\n", "utf-8")


def keep_table(name: str, written: str) -> None:
    """Put a table into the page, where it has its place by this name."""
    page = PAGE.read_text("utf-8")
    begin, end = (f"<!-- bench {name}: {which} -->" for which in ("begin", "end"))
    framed = f"{begin}\n\n{written}\n\n{end}"
    replaced, count = re.subn(f"(?s){begin}.*{end}", lambda _: framed, page)
    assert count == 1, f"{PAGE} has no place for the table: {begin} … {end}"
    PAGE.write_text(replaced, "utf-8")


def say(*what: str) -> None:
    """Tell how far it is, beside the table."""
    print(*what, file=sys.stderr, flush=True)


def conclude(name: str, written: str, *, keep: bool, wrong: Sequence[str] = ()) -> int:
    """Show a table, and keep it where that is asked for and nothing was wrong; return the status
    to exit with.
    """
    print(written)
    for one in wrong[:20]:
        say(f"WRONG {one}")
    if keep and not wrong:
        keep_table(name, written)
    return 1 if wrong else 0


def wrong_of(verdicts: Iterable[Verdict]) -> list[str]:
    """Return what was lost, doubled, or not as it must be, a line each."""
    return [f"{name}: {one}" for it in verdicts for name, them in it.wrong.items() for one in them]


def count_wrong(verdicts: Iterable[Verdict]) -> str:
    """Return the last line of a table: how much is lost, doubled, or not as it must be."""
    return f"Lost, doubled, wrong: {len(wrong_of(verdicts))}."


def load_average() -> str:
    """Return how many programs compete for the cores, on average of the last minute."""
    return f"{os.getloadavg()[0]:.1f}"


def _versions() -> str:
    names = ("maildaemon", "mail-parser", "imapclient", "sqlalchemy")
    installed = ", ".join(f"{name} {version(name)}" for name in names)
    return f"{installed}, SQLite {sqlite3.sqlite_version}"


def _options(run: Run) -> str:
    told = {name: value for name, value in run.options.items() if not name.endswith("ca_file")}
    return ", ".join(f"`{name}: {value}`" for name, value in told.items()) + " and a `ca_file`"
