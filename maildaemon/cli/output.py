"""How a command speaks: listings for people, JSON Lines for programs, nothing that steers a
terminal.
"""

import dataclasses
import json
import os
import shutil
import sys
import unicodedata
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from itertools import zip_longest
from typing import TYPE_CHECKING, TextIO

import click

if TYPE_CHECKING:
    from maildaemon.domain.standing import Account, ProbeStanding

_JOINERS = "\u200c\u200d"  # scripts and emoji need them, and they move no cursor
_ABSENT = "-"
_GAP = "  "
_NARROWEST, _ENDLESS = 8, 24
_MOMENT = timedelta(seconds=10)

json_option = click.option(
    "--json",
    "as_json",
    is_flag=True,
    help="JSON Lines, one object a line; docs/cli.md has the keys.",
)
mailbox_option = click.option("--mailbox", metavar="NAME", help="Only this mailbox.")


limit_option = click.option(
    "--limit",
    type=click.IntRange(min=0),
    default=50,
    show_default=True,
    metavar="N",
    help="How many at most, the newest first; 0 for all.",
)


def say(text: str = "") -> None:
    """Print a line for people."""
    print(text, flush=True)


def note(text: str) -> None:
    """Print a line beside the result, to standard error."""
    print(text, file=sys.stderr, flush=True)


def put_json(value: object) -> None:
    """Print a value as one line of JSON. Instants are ISO 8601 in UTC."""
    # ASCII only: nothing in it can steer a terminal, whatever the mail held.
    print(json.dumps(value, default=_jsonable), flush=True)


def _jsonable(value: object) -> object:
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat()
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {field.name: getattr(value, field.name) for field in dataclasses.fields(value)}
    raise TypeError(f"no JSON for {value!r}")


def plain(text: str) -> str:
    """Return a text from mail as one line that leaves the terminal alone."""
    return "".join(_harmless(letter) for letter in text)


def plain_text(text: str) -> str:
    """Return a text of several lines that leaves the terminal alone."""
    return "\n".join(plain(line.expandtabs(4)) for line in text.splitlines())


def _harmless(letter: str) -> str:
    if letter.isprintable() or letter in _JOINERS:
        return letter
    if unicodedata.category(letter) == "Zs":
        return " "
    code = ord(letter)
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}"  # noqa: PLR2004


def paint(text: str, colour: str) -> str:
    """Return the text in a colour, where there is a terminal that wants it."""
    wanted = sys.stdout.isatty() and not os.environ.get("NO_COLOR")
    wanted = wanted and os.environ.get("TERM") != "dumb"
    return click.style(text, fg=colour) if wanted else text


def sign(*, good: bool | None) -> str:
    """Return ✓, ✗ or, for None, !; in ASCII where the terminal knows no better."""
    try:
        "✓✗".encode(sys.stdout.encoding or "ascii")
    except UnicodeEncodeError:
        return {True: "ok", False: "FAILED", None: "!"}[good]
    return {True: "✓", False: "✗", None: "!"}[good]


def mark(*, good: bool | None) -> str:
    """Return the sign in its colour."""
    return paint(sign(good=good), {True: "green", False: "red", None: "yellow"}[good])


def verdict(*, good: bool | None) -> str:
    """Return the sign with a word beside it where somebody must look: signs are read out badly."""
    shown = mark(good=good)
    if good or sign(good=good).isalpha():
        return shown
    return f"{shown} {'warning:' if good is None else 'FAILED:'}"


def wrapped(text: str, indent: int = 0, stream: TextIO | None = None) -> str:
    """Return a line as it fits into the terminal, broken between words and indented from the second
    line on; a pipe gets it whole. `stream` None is standard output.
    """
    if not (stream or sys.stdout).isatty():
        return text
    width = shutil.get_terminal_size().columns
    indent = indent if width - indent > _NARROWEST * 2 else 2
    return ("\n" + " " * indent).join(_broken(text, width, width - indent))


def _broken(text: str, first: int, others: int, *, cut: bool = False) -> list[str]:
    """Return the lines of a text, none wider than this. Only a single word may be (a path, which
    nobody wants in pieces), unless it is to be cut then.
    """
    from rich.cells import cell_len, chop_cells

    begin = len(text) - len(text.lstrip(" "))
    lines, bare = [" " * begin], True
    for word in text[begin:].split(" "):
        room = first if len(lines) == 1 else others
        joined = f"{lines[-1]}{'' if bare else ' '}{word}"
        bare = False
        if cell_len(joined) <= room:
            lines[-1] = joined
        elif lines[-1].strip():
            lines += chop_cells(word, others) if cut else [word]
        else:
            lines[-1:] = chop_cells(joined, room) if cut else [joined]
    return [line.rstrip() for line in lines]


def local(at: datetime | None) -> str:
    """Return an instant as a person here reads it, with the zone."""
    if at is None:
        return _ABSENT
    try:
        return f"{at.astimezone():%Y-%m-%d %H:%M %Z}"
    except (OverflowError, ValueError):
        # The Date of a mail may lie at the end of time, where no zone reaches.
        return at.isoformat()


def span(duration: timedelta) -> str:
    """Return how long something is, roughly: `3 min`, `5 h`, `12 days`."""
    seconds = int(abs(duration).total_seconds())
    for unit, size, enough in (("days", 86400, 2), ("h", 3600, 2), ("min", 60, 2)):
        if seconds >= size * enough:
            return f"{seconds // size} {unit}"
    return f"{seconds} s"


def ago(at: datetime | None, now: datetime) -> str:
    """Return how long ago something was. What lies ahead was noted by another clock, or before ours
    was set back; not what was noted in the moment in which we looked.
    """
    if at is None:
        return "never"
    return f"in {span(at - now)}" if at - now > _MOMENT else f"{span(max(now, at) - at)} ago"


def ahead(at: datetime, now: datetime) -> str:
    """Return how soon something will be that may be due already."""
    return f"in {span(at - now)}" if at > now else "now"


def success_in_words(account: "Account", began_at: datetime | None, now: datetime) -> str:
    """Return when a server let us in last; `began_at`: since when the daemon works, None if none
    does.
    """
    from maildaemon.domain.standing import is_awaited

    last = account.last_success_at
    if began_at is not None and is_awaited(account, began_at):
        before = f"; before it, {ago(last, now)}" if last else ""
        return f"not since the start {ago(began_at, now)}{before}"
    return ago(last, now) if last else "not yet"


def probe_in_words(probe: "ProbeStanding", now: datetime) -> str | None:
    """Return what became of the last mail to ourselves that came back, None if none has."""
    if probe.back_at is None or probe.seconds is None:
        return None
    where = " into the spam folder" if probe.junked else ""
    took = span(timedelta(seconds=probe.seconds))
    return f"came back{where} {ago(probe.back_at, now)}, after {took}"


def person(name: str, address: str) -> str:
    """Return `Anna <anna@example.org>`, or what there is of it."""
    return f"{name} <{address}>" if name and address else address or name


def size_of(size: int) -> str:
    """Return a size as people read it."""
    for unit, factor in (("GB", 10**9), ("MB", 10**6), ("kB", 10**3)):
        if size >= factor:
            return f"{size / factor:.1f} {unit}"
    return f"{size} B"


def word(value: object) -> str:
    """Return a value as it stands in a listing."""
    match value:
        case None | "":
            return _ABSENT
        case datetime():
            return local(value)
        case bool():
            return "yes" if value else "no"
        case list() | tuple():
            return ", ".join(map(str, value)) or _ABSENT
        case _:
            return str(value)


def put_table(
    heads: Sequence[str], rows: Iterable[Sequence[object]], wide: Sequence[str] = ()
) -> None:
    """Print rows under their heads. On a terminal the `wide` columns give way, their cells broken
    between words; where even that is too wide, each row is a list. A pipe gets lines.
    """
    from rich.cells import cell_len

    cells = [list(heads), *([plain(word(value)) for value in row] for row in rows)]
    if len(cells) == 1:
        say("nothing to list")
        return
    widths = [max(map(cell_len, column)) for column in zip(*cells, strict=True)]
    giving = {at: _least(row[at] for row in cells) for at in map(heads.index, wide)}
    if sys.stdout.isatty() and not _fit(widths, giving):
        _put_lists(cells)
        return
    for number, row in enumerate(cells):
        for line in _lines(row, widths):
            say(paint(line, "cyan") if number == 0 else line)


def _lines(row: Sequence[str], widths: Sequence[int]) -> Iterator[str]:
    """Yield the lines of a row whose cells are so wide."""
    from rich.cells import cell_len, set_cell_size

    broken = [
        _broken(cell, width, width, cut=True) if cell_len(cell) > width else [cell]
        for cell, width in zip(row, widths, strict=True)
    ]
    for parts in zip_longest(*broken, fillvalue=""):
        padded = (set_cell_size(part, width) for part, width in zip(parts, widths, strict=True))
        yield _GAP.join(padded).rstrip()


def _put_lists(cells: Sequence[Sequence[str]]) -> None:
    heads, *rows = cells
    for number, row in enumerate(rows):
        if number:
            say()
        put_facts(list(zip(heads, row, strict=True)))


def _least(column: Iterable[str]) -> int:
    """Return how wide a column must be that no word of it is cut, but for endless ones."""
    from rich.cells import cell_len

    longest = max((cell_len(one) for cell in column for one in cell.split()), default=0)
    return min(max(longest, _NARROWEST), _ENDLESS)


def _fit(widths: list[int], giving: Mapping[int, int]) -> bool:
    """Take from the widest of the columns that give way, down to so much, until a row fits into a
    line; tell whether it does.
    """
    room = shutil.get_terminal_size().columns - len(_GAP) * (len(widths) - 1)
    while sum(widths) > room:
        roomy = [column for column, least in giving.items() if widths[column] > least]
        if not roomy:
            return False
        widths[max(roomy, key=lambda column: widths[column])] -= 1
    return True


def put_facts(facts: Iterable[tuple[str, object]]) -> None:
    """Print names and values, one a line; what is None is left out, a name is not repeated."""
    known = [(name, value) for name, value in facts if value is not None]
    width = max((len(name) for name, _ in known), default=0)
    before = ""
    for name, value in known:
        head = f"{'' if name == before else name:<{width}}"
        say(wrapped(f"{head}  {plain(word(value))}", width + len(_GAP)))
        before = name


def tell_cut(shown: int, limit: int, what: str) -> None:
    """Say on standard error that a listing may have been cut."""
    if limit and shown == limit:
        note(f"the newest {limit} {what}; --limit 0 shows all")
