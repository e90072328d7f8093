"""Prints the play: legible at 80 columns, in colour where there is a terminal."""

import shutil
import textwrap
from collections.abc import Iterable, Sequence

from maildaemon.adapters.sql.lines import FileLine
from maildaemon.cli.demo.letters import Outcome
from maildaemon.cli.demo.result import Result
from maildaemon.cli.output import mark, paint, plain, say
from maildaemon.cli.words import KINDS, REASONS, SILENCES
from maildaemon.domain.attachments import Reason, Verdict
from maildaemon.domain.automatic import Kind
from maildaemon.domain.threads import MatchRule

_WIDEST = 100
_MARGIN = 5
_LABEL = 10
_QUOTED_LINES = 9

_MATCHES = {
    MatchRule.OWN_MESSAGE_ID: "it answers a mail of ours",
    MatchRule.IN_REPLY_TO: "it answers a mail we know",
    MatchRule.REFERENCES: "it cites a mail we know",
    MatchRule.SHARED_REFERENCE: "it cites what a mail we know cites",
    MatchRule.SUBJECT_TAG: "our reference stands in its subject",
}
_LANGUAGES = {"de": "German", "en": "English", "es": "Spanish", "fr": "French", "it": "Italian"}


def title(text: str) -> None:
    """Print a heading."""
    say()
    say(paint(text, "cyan"))
    say(paint("─" * min(len(text), _width()), "cyan"))


def paragraph(text: str) -> None:
    """Print running text."""
    say(textwrap.fill(text, _width()))


def literal(lines: Iterable[str]) -> None:
    """Print lines set in, those that are too long wrapped."""
    for line in lines:
        inner = line[: len(line) - len(line.lstrip())] + "  "
        room = _width() - _MARGIN
        for piece in textwrap.wrap(plain(line), room, subsequent_indent=inner) or [""]:
            say(f"{' ' * _MARGIN}{piece}")


def put_result(number: int, result: Result) -> None:
    """Print one letter: what came in, what was decided and why, what went out."""
    message, outcome = result.message, result.outcome
    say()
    say(f"{number:>3}  {paint(result.letter.title, 'yellow')}")
    _fact("from", f"{message.from_name} <{message.from_address}>: “{message.subject}”")
    if result.letter.again:
        _fact("known", f"the mailbox holds it {outcome.copies} times, the records hold it once")
        _fact("answer", "none: its one answer has gone out")
    else:
        _fact("kind", _kind(result))
        _fact("thread", _thread(result))
        if message.defects:
            _fact("damage", ", ".join(message.defects))
        for file in result.files:
            _put_file(file)
        _put_response(result)
    if not result.as_expected:
        _put_mismatch(result.letter.expected, outcome)


def _put_file(file: FileLine) -> None:
    text = f"{file.filename}: {file.verdict}"
    if file.reason:
        text += f", {file.reason}: {REASONS[Reason(file.reason)]}"
    if file.held_until:
        text += f"; kept aside for staff until {file.held_until:%Y-%m-%d}"
    _fact("file", text, mark(good=file.verdict == Verdict.ACCEPTED.value))


def _put_response(result: Result) -> None:
    outcome, posted = result.outcome, result.posted
    if outcome.silence is not None:
        _fact("answer", f"none, {outcome.silence.value}: {SILENCES[outcome.silence]}")
    if posted is None:
        return
    sections = " + ".join(outcome.response)
    language = _LANGUAGES.get(outcome.language or "", outcome.language)
    _fact("answer", f"{sections}, in {language}, to {posted.recipient}:")
    _fact("", f"“{posted.mail['Subject']}”")
    if not result.letter.quote_response:
        return
    lines = [line for line in posted.text.splitlines() if line.strip()]
    for line in lines[:_QUOTED_LINES]:
        _fact("", line, "│")
    if len(lines) > _QUOTED_LINES:
        _fact("", "…", "│")


def _kind(result: Result) -> str:
    kind, evidence = result.outcome.kind, "; ".join(result.message.evidence)
    if kind is Kind.CUSTOMER:
        return kind.value  # nothing speaks against it: there is nothing to explain
    return f"{kind.value}: {KINDS[kind]} ({evidence})"


def _thread(result: Result) -> str:
    thread, rule = result.thread, result.outcome.match
    if thread is None:
        return "none"
    why = _MATCHES.get(rule)
    if why is not None:
        return f"{thread.reference}, {rule.value}: {why}; now {thread.status}"
    linked = f"; {result.message.why_match}, and is not let in" if thread.linked_to else ""
    return f"{thread.reference}, new; now {thread.status}{linked}"


def _put_mismatch(expected: Outcome, found: Outcome) -> None:
    for name in Outcome.__slots__:
        should, did = getattr(expected, name), getattr(found, name)
        if should != did:
            text = f"{name}: expected {_code(should)}, found {_code(did)}"
            _fact("MISMATCH", text, mark(good=False))


def _code(value: object) -> str:
    if isinstance(value, tuple):
        return f"({', '.join(_code(one) for one in value)})"
    return "nothing" if value is None else str(value)


def _fact(label: str, text: str, sign: str = "") -> None:
    """Print a fact, its further lines under its first word."""
    first = f"{' ' * _MARGIN}{label:<{_LABEL}}"
    later = " " * (_MARGIN + _LABEL) if label else first
    lead = f"{sign} " if sign else ""
    room = _width() - _MARGIN - _LABEL - (2 if sign else 0)
    for line in textwrap.wrap(plain(text), room) or [""]:
        say(f"{first}{lead}{line}".rstrip())
        first, lead = later, ("│ " if sign == "│" else "  " if sign else "")


def put_summary(results: Sequence[Result]) -> None:
    """Print one line a letter."""
    heads = ("", "#", "from", "kind", "thread", "status", "answer")
    rows = [heads, *(_row(*one) for one in enumerate(results, 1))]
    widths = [max(len(row[at]) for row in rows) for at in range(1, len(heads))]
    for row in rows:
        sign = "  " if row is heads else f"{mark(good=row[0] == 'good')} "
        cells = [f"{cell:<{width}}" for cell, width in zip(row[1:], widths, strict=True)]
        line = "  ".join(cells).rstrip()
        say(sign + (paint(line, "cyan") if row is heads else line))


def _row(number: int, result: Result) -> tuple[str, ...]:
    outcome, thread = result.outcome, result.thread
    answer = outcome.silence.value if outcome.silence else f"sent, {outcome.language}"
    if result.letter.again:
        answer = "known already"
    return (
        "good" if result.as_expected else "bad",
        f"{number:>2}",
        plain(result.message.from_name or result.message.from_address)[:20],
        outcome.kind.value,
        thread.reference if thread else "-",
        outcome.status.value if outcome.status else "-",
        answer,
    )


def _width() -> int:
    return min(shutil.get_terminal_size((80, 24)).columns, _WIDEST)
