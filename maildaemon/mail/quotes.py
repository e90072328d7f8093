"""What is new in a mail: its text without quotes, signature and footers.

A scanner over lines, linear in the text; no expression ever runs over a whole body. Cutting too
little is a nuisance, cutting too much loses what the customer said. So answers between quoted
lines keep what they answer, and what was sent on to us is content, with the note above it. If
nothing would be left, nothing is cut: a mail that holds only a quote, a signature or a forwarded
mail is its own reply text. An empty mail has an empty one; an invitation's is what its text says.
"""

import re
from dataclasses import dataclass
from enum import Enum

from maildaemon.mail import marks
from maildaemon.mail.attributions import (
    MAX_MARKER,
    apart,
    attribution,
    is_forward,
    is_groupwise,
    is_notes,
    is_original,
    is_quoted,
    is_reply_above,
    quote_follows,
    with_marks,
)
from maildaemon.mail.header_blocks import is_block, is_rule, is_ruled_block, label
from maildaemon.mail.quote_words import FORWARDING
from maildaemon.mail.signatures import (
    continues_banner,
    is_banner,
    is_device,
    mentions_order,
)
from maildaemon.mail.tails import end_of_letter

MAX_LINES = 2_000
_TOP = 12
_INTRODUCED_LINES = 15
_ATTRIBUTION_LINES = 4
_SIGNATURE_LINES = 25
_MAX_SUBJECT_TAG = 40
_INVISIBLE = "\ufeff\u200b\u200e\u200f\u202a\u202b\u202c\u2068\u2069"
_EDGES = _INVISIBLE + "\u00a0\u3000 \t\r"
_UNSEEN = re.compile(f"[{_INVISIBLE}{''.join(marks.MARKS)}]")


class Kind(Enum):
    """What a line is."""

    BLANK = 0
    OWN = 1
    QUOTED = 2
    FOOTER = 3


@dataclass(frozen=True, slots=True)
class Cut:
    """What is new, and whether anything old was recognised beside it."""

    text: str
    quoted: bool


@dataclass(slots=True)
class _Scan:
    """The lines as the scanner looks at them, what HTML says of each, and what each is."""

    lines: list[str]
    marks: list[str]
    kinds: list[Kind]
    last_fence: int
    content_at: int | None = None  # where what was sent on to us begins
    ended: bool = False  # all that follows is old
    own: bool = False  # something was said already
    fenced: bool = False

    def add(self, kind: Kind, lines: int = 1) -> None:
        self.kinds.extend([kind] * lines)
        self.own = self.own or kind is Kind.OWN


def cut_quotes(text: str, *, forwarded: bool = False) -> str:
    """Return what is new in the text; all of it if nothing else would be left.

    `forwarded`: the subject says so, and whatever looks old was sent on to us.
    """
    return cut(text, forwarded=forwarded).text


def cut(text: str, *, forwarded: bool = False) -> Cut:
    """Return what is new in a text in which lines may carry marks."""
    lines = text.split("\n")
    lines = apart(lines[:MAX_LINES]) + lines[MAX_LINES:]
    scan = _scan(lines[:MAX_LINES], forwarded=forwarded)
    quoted = scan.ended or Kind.QUOTED in scan.kinds
    if len(lines) > MAX_LINES and not scan.ended and not _is_all_quoted(lines[MAX_LINES:]):
        return Cut(marks.unmarked(text).strip(), quoted)
    letter = _letter(scan, lines)
    if scan.content_at is not None:
        letter = f"{letter}\n\n" + "\n".join(lines[scan.content_at :])
    new = marks.unmarked(letter).strip()
    return Cut(new or marks.unmarked(text).strip(), quoted)


def is_forwarding(subject: str) -> bool:
    """Tell whether a subject says that something is sent on: "Fwd: …", "[shop] WG: …"."""
    text = subject.strip()
    if text.startswith("["):
        tag, _, rest = text.partition("]")
        text = rest.strip() if len(tag) <= _MAX_SUBJECT_TAG else text
    prefix, colon, _ = text.replace("：", ":").partition(":")
    return bool(colon) and prefix.strip(" .").lower() in FORWARDING


def _is_all_quoted(lines: list[str]) -> bool:
    return all(not line.strip() or is_quoted(line) for line in lines)


def _letter(scan: _Scan, lines: list[str]) -> str:
    """Return the customer's own lines, with the quotes between them."""
    own = scan.kinds if scan.content_at is None else scan.kinds[: scan.content_at]
    plain = [kind is Kind.OWN for kind in own]
    quoted = [kind is Kind.QUOTED for kind in own]
    end = end_of_letter(lines, scan.lines, plain, quoted)
    start = next((at for at in range(end) if plain[at]), 0)
    if any(quoted[start:end]):
        start = 0  # answers between the quoted lines
    kept = [lines[at] for at in range(start, end) if own[at] is not Kind.FOOTER]
    return "\n".join(kept).strip()


def _scan(lines: list[str], *, forwarded: bool) -> _Scan:
    bare = with_marks([_bare(line) for line in lines])
    last_fence = max((at for at, line in enumerate(bare) if line == "```"), default=-1)
    scan = _Scan(bare, [_mark(line) for line in lines], [], last_fence)
    for at in range(len(scan.lines)):
        if at >= len(scan.kinds):
            _look(scan, at, forwarded=forwarded)
        if scan.content_at is not None or scan.ended:
            break
    return scan


def _mark(line: str) -> str:
    return line[0] if line and line[0] in marks.MARKS else ""


def _bare(line: str) -> str:
    """Return what the scanner looks at: the beginning, which is too long for a mark if cut."""
    text = line[: MAX_MARKER + 2]
    if not text.isascii():
        text = _UNSEEN.sub("", text)
    return text.strip(_EDGES)


def _look(scan: _Scan, at: int, *, forwarded: bool) -> None:
    """Say what the line is, and perhaps the ones that belong to it."""
    line = scan.lines[at]
    if line.startswith("```"):
        scan.fenced = not scan.fenced and at < scan.last_fence
    if not line:
        scan.add(Kind.BLANK)
    elif scan.fenced:
        scan.add(Kind.OWN)
    elif is_forward(line) and _begins_quote(scan, at):
        scan.content_at = at
    elif is_quoted(line) or scan.marks[at] == marks.QUOTED or _is_link_of_quote(scan, at):
        _look_at_quote(scan, at, forwarded=forwarded)
    elif size := _separator(scan, at):
        _look_at_separator(scan, at, size, forwarded=forwarded)
    else:
        _look_at_text(scan, at)


def _begins_quote(scan: _Scan, at: int) -> bool:
    """Tell whether a forwarding line stands by itself or first in a quote that nobody introduced.

    Apple Mail and others put all that is sent on between quote marks.
    """
    if not is_quoted(scan.lines[at]):
        return True
    before = next((kind for kind in reversed(scan.kinds) if kind is not Kind.BLANK), Kind.OWN)
    return before is not Kind.QUOTED


def _look_at_quote(scan: _Scan, at: int, *, forwarded: bool) -> None:
    line = scan.lines[at]
    if forwarded and scan.own:
        scan.content_at = at
    elif scan.own and is_groupwise(line) and not quote_follows(scan.lines, at + 1):
        scan.ended = True
    elif size := _introduced(scan, at):
        scan.add(Kind.OWN, size)
    else:
        scan.add(Kind.QUOTED)


def _is_link_of_quote(scan: _Scan, at: int) -> bool:
    """Tell whether this is the rest of a link that was broken off a quoted line."""
    if not 0 < at < len(scan.lines) - 1:
        return False
    if not (is_quoted(scan.lines[at - 1]) and is_quoted(scan.lines[at + 1])):
        return False
    words = scan.lines[at].rstrip("> ").split()
    return len(words) == 1 and (words[0].endswith(")") or "http" in words[0][:6])


def _introduced(scan: _Scan, at: int) -> int:
    """Return over how many lines somebody quotes what he speaks of: "The page says:"."""
    if scan.marks[at]:
        return 0
    before = next((i for i in range(at - 1, -1, -1) if scan.lines[i]), None)
    if before is None or scan.kinds[before] is not Kind.OWN:
        return 0
    if not scan.lines[before].endswith((":", "：")):
        return 0
    size = 0
    for line in scan.lines[at : at + _INTRODUCED_LINES + 1]:
        if not is_quoted(line):
            return size
        size += 1
    return 0 if size > _INTRODUCED_LINES else size


def _separator(scan: _Scan, at: int) -> int:
    """Return over how many lines something stands that divides new from old; 0 if nothing does."""
    if size := attribution(scan.lines, at) or _marked_attribution(scan, at):
        return size
    if scan.marks[at] == marks.OLD and _is_header_next(scan.lines, at):
        return 1
    line = scan.lines[at]
    if not scan.own:
        return 0
    return int(
        is_original(line)
        or is_reply_above(line)
        or is_notes(line)
        or is_block(scan.lines, at)
        or is_ruled_block(scan.lines, at)
    )


def _marked_attribution(scan: _Scan, at: int) -> int:
    """Return over how many lines HTML names an attribution.

    People type into that element, too: only what ends like an attribution is one.
    """
    size = 0
    for mark in scan.marks[at : at + _ATTRIBUTION_LINES + 1]:
        if mark != marks.ATTRIBUTION:
            break
        size += 1
    if not 0 < size <= _ATTRIBUTION_LINES:
        return 0
    lines = scan.lines[at : at + size]
    if any(attribution(scan.lines, later) for later in range(at + 1, at + size)):
        return 0
    return size if lines[-1].endswith((":", "：")) or "@" in lines[-1] else 0


def _is_header_next(lines: list[str], at: int) -> bool:
    """Tell whether what HTML names the beginning of the old mail begins with a header."""
    following = [line for line in lines[at : at + _TOP] if line and not is_rule(line)]
    following = following[:_ATTRIBUTION_LINES]
    return sum(bool(label(line)) for line in following) > 1 or any(
        "@" in line for line in following
    )


def _look_at_separator(scan: _Scan, at: int, size: int, *, forwarded: bool) -> None:
    quoted = quote_follows(scan.lines, at + size) and not _is_old(scan, at)
    if forwarded and (scan.own or not quoted):
        scan.content_at = at
    elif quoted:
        scan.add(Kind.QUOTED, size)
    elif scan.own:
        scan.ended = True
    else:
        rule = scan.marks[at] == marks.OLD and is_rule(scan.lines[at])
        scan.add(Kind.BLANK if rule else Kind.OWN, size)


def _is_old(scan: _Scan, at: int) -> bool:
    return scan.marks[at] == marks.OLD or is_original(scan.lines[at])


def _look_at_text(scan: _Scan, at: int) -> None:
    if scan.marks[at] == marks.SIGNATURE:
        _look_at_signature(scan, at)
    # Below what was said, `_separator` has looked for that.
    elif _is_device_line(scan, at) if scan.own else _is_of_top(scan, at):
        scan.add(Kind.FOOTER)
    else:
        scan.add(Kind.OWN)


def _look_at_signature(scan: _Scan, at: int) -> None:
    """Leave out what HTML names a signature, unless it holds what the mail is about."""
    end = at
    while end < len(scan.lines) and (scan.marks[end] == marks.SIGNATURE or not scan.lines[end]):
        end += 1
    lines = [line for line in scan.lines[at:end] if line]
    said = len(lines) > _SIGNATURE_LINES or mentions_order(lines)
    scan.add(Kind.OWN if said else Kind.FOOTER, end - at)


def _is_of_top(scan: _Scan, at: int) -> bool:
    """Tell whether a program wrote this above the letter."""
    return is_reply_above(scan.lines[at]) or (at < _TOP and _is_of_banner(scan, at))


def _is_of_banner(scan: _Scan, at: int) -> bool:
    if is_banner(scan.lines[at]):
        return True
    return at > 0 and scan.kinds[at - 1] is Kind.FOOTER and continues_banner(scan.lines[at])


def _is_device_line(scan: _Scan, at: int) -> bool:
    """Tell whether a telephone's line stands here by itself, and not in a sentence."""
    line = scan.lines[at]
    if not is_device(line):
        return False
    if line[:1].islower() and scan.lines[at - 1]:
        return False
    following = at + 1
    if following >= len(scan.lines) or not scan.lines[following]:
        return True
    below = scan.lines[following]
    return bool(
        is_quoted(below)
        or is_rule(below)
        or is_forward(below)
        or is_device(below)
        or _separator(scan, following)
    )
