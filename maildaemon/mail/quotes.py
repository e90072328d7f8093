"""What is new in a mail: its text without quotes and signature.

A scanner over lines, linear in the text; no expression ever runs over a whole body. Cutting too
little is a nuisance, cutting too much loses what the customer said: answers written between
quoted lines keep their quotes, forwarded mail stays, and if nothing would be left, nothing is cut.
"""

import re
from enum import Enum

from maildaemon.mail.quote_words import (
    CLOSINGS,
    DEVICE_ALWAYS,
    DEVICE_OPENERS,
    DEVICES,
    FORWARDED,
    FROM,
    HEADER_LABELS,
    OPENERS,
    ORIGINAL_MESSAGE,
    SUBJECT,
    WROTE,
)

MAX_LINES = 3_000
_MAX_MARKER = 300
_ATTRIBUTION_LINES = 4
_BLOCK_LINES = 10
_MIN_LABELS = 3
_MAX_LABEL = 25
_RULE_LENGTH = 10
_MAX_SEPARATOR = 60
_SIGNATURE_LINES = 15
_SIGNATURE_WIDTH = 90
_DEVICE_WORDS = 7
_DEVICE_WIDTH = 80

_DECORATION = "-_=*—–━─> \t\u00a0"
_DEVICE_DECORATION = _DECORATION + "[]<."
_WHEN = re.compile(r"\d[:.h]\d\d|(?:19|20)\d\d|\d[./-]\d{1,2}[./-]\d{2}|\d月")
_MAY_ATTRIBUTE = re.compile(r"\d|(?:[:：]|wrote\.?)\W{0,10}$")
_POSTSCRIPT = ("ps", "p.s", "p.s.", "p.p.s", "pps", "nb", "n.b", "zp")


class _Kind(Enum):
    BLANK = 0
    OWN = 1
    QUOTED = 2


def cut_quotes(text: str, *, forwarded: bool = False) -> str:
    """Return what is new in the text; all of it if nothing else would be left.

    `forwarded`: the subject says so, and a header block introduces what was sent on to us.
    """
    lines = text.split("\n")
    scanned = [_bare(line) for line in lines[:MAX_LINES]]
    kinds, cut = _classify(scanned, forwarded=forwarded)
    if len(lines) > MAX_LINES and not cut:
        return text.strip()
    end = _without_signature(scanned, kinds, len(kinds))
    end = _end_of_own(scanned, kinds, end)
    end = _without_signature(scanned, kinds, end)
    start = _start(kinds[:end])
    return "\n".join(lines[start:end]).strip() or text.strip()


def _bare(line: str) -> str:
    """Return what the scanner looks at: a line too long to be a mark only counts as text."""
    return (line if len(line) <= _MAX_MARKER else line[:20]).strip("\ufeff\u200b\u00a0 \t\r")


def _classify(lines: list[str], *, forwarded: bool) -> tuple[list[_Kind], bool]:
    """Return the kinds of all lines up to where old mail begins, and whether it does."""
    kinds: list[_Kind] = []
    own = False
    for at, line in enumerate(lines):
        if at < len(kinds):
            continue  # an attribution of several lines
        if not line or line.startswith(">"):
            kinds.append(_Kind.QUOTED if line else _Kind.BLANK)
        elif _is_forward(line) or (forwarded and _is_block(lines, at)):
            kinds.extend(_Kind.OWN if line else _Kind.BLANK for line in lines[at:])
            break
        elif (size := _attribution(lines, at)) and _is_quoted_next(lines, at + size):
            kinds.extend([_Kind.QUOTED] * size)
        elif own and (size or _ends_new_text(lines, at)):
            return kinds, True
        else:
            kinds.append(_Kind.OWN)
            own = True
    return kinds, False


def _ends_new_text(lines: list[str], at: int) -> bool:
    return (
        _is_original(lines[at])
        or _is_block(lines, at)
        or _is_ruled_block(lines, at)
        or (_is_device(lines[at]) and not _forward_follows(lines, at))
    )


def _end_of_own(lines: list[str], kinds: list[_Kind], end: int) -> int:
    while end and (kinds[end - 1] is not _Kind.OWN or _is_rule(lines[end - 1])):
        end -= 1
    return end


def _start(kinds: list[_Kind]) -> int:
    """Skip a quote on top if all of the answer stands below it; keep what is interleaved."""
    first = next((at for at, kind in enumerate(kinds) if kind is _Kind.OWN), 0)
    return 0 if _Kind.QUOTED in kinds[first:] else first


def _is_quoted_next(lines: list[str], at: int) -> bool:
    following = next((line for line in lines[at : at + _BLOCK_LINES] if line), "")
    return following.startswith(">")


def _attribution(lines: list[str], at: int) -> int:
    """Return over how many lines "On …, … wrote:" goes; 0 if this is no such thing."""
    if not _MAY_ATTRIBUTE.search(lines[at]):
        return 0
    joined = ""
    for size in range(1, _ATTRIBUTION_LINES + 1 if _opens(lines[at]) else 2):
        line = lines[at + size - 1] if at + size <= len(lines) else ""
        joined = f"{joined} {line}".strip()
        if not line or len(joined) > _MAX_MARKER:
            return 0
        if _is_attribution(joined, lines[at], quoted=_is_quoted_next(lines, at + size)):
            # It may begin further down, and this line be the customer's.
            later = range(at + 1, at + size)
            return 0 if any(_opens(lines[i]) and _attribution(lines, i) for i in later) else size
    return 0


def _opens(line: str) -> bool:
    first = line.strip(_DECORATION).lower()
    word = first.partition(" ")[0].strip(",.")
    return first[:1].isdigit() or word in OPENERS or _WHEN.search(first) is not None


def _is_attribution(line: str, first: str, *, quoted: bool) -> bool:
    text = line.strip(_DECORATION).lower()
    closed = text.endswith((":", "：", "wrote", "wrote."))
    if not closed and not quoted:
        return False
    when = _WHEN.search(text) is not None
    who = "@" in text
    if not closed:
        return when and who
    wrote = any(word in text for word in WROTE)
    if quoted:
        return when or who or wrote
    return when and (who or _opens(first)) and (wrote or who)


def _is_original(line: str) -> bool:
    core = line.strip(_DECORATION).rstrip(":").lower()
    if not core.startswith(ORIGINAL_MESSAGE) or len(core) > _MAX_SEPARATOR:
        return False
    return line[:2] in ("--", "==", "__", "**", "——") or core in ORIGINAL_MESSAGE


def _is_forward(line: str) -> bool:
    if not line.startswith(("-", "=", "_", "*")) and not line.endswith(":"):
        return False
    return line.strip(_DECORATION).lower().startswith(FORWARDED)


def _forward_follows(lines: list[str], at: int) -> bool:
    return any(_is_forward(line) for line in lines[at + 1 : at + 1 + _BLOCK_LINES] if line)


def _label(line: str) -> str:
    """Return the label of a `Label: value` line in one spelling; empty if it is none."""
    head, colon, _ = line[: _MAX_LABEL + 3].replace("：", ":").partition(":")
    return head.strip("*_ \t\u00a0").lower().replace(" ", "_") if colon else ""


def _is_block(lines: list[str], at: int) -> bool:
    """Tell whether a quoted header block begins here: From, Sent, To, Subject in any order."""
    first = _label(lines[at])
    if first not in FROM and first not in HEADER_LABELS:
        return False
    labels = set()
    blanks = 0
    window = lines[at : at + _BLOCK_LINES]
    for line in window:
        blanks = 0 if line else blanks + 1
        if blanks > 1:
            break
        labels.add(_label(line))
    known = labels & (FROM | HEADER_LABELS)
    addressed = any("@" in line for line in window[:_MIN_LABELS])
    return len(known) >= _MIN_LABELS and bool(labels & FROM) and bool(labels & SUBJECT or addressed)


def _is_ruled_block(lines: list[str], at: int) -> bool:
    """Tell whether a rule and a header block in a language that we do not know begin here."""
    line = lines[at]
    words = line.strip("-_=—–━─")
    if len(line) - len(words) < _RULE_LENGTH or line[0] == words[:1] or line[-1] == words[-1:]:
        return False
    following = [line for line in lines[at + 1 : at + 1 + _BLOCK_LINES] if line][:_MIN_LABELS]
    labels = {_label(line) for line in following}
    if len(following) < _MIN_LABELS or "" in labels:
        return False
    return bool(labels & (FROM | HEADER_LABELS)) or "@" in following[0]


def _is_rule(line: str) -> bool:
    return len(line) > 1 and not line.strip("-_=—–━─")


def _is_device(line: str) -> bool:
    if len(line) > _DEVICE_WIDTH or "," in line:
        return False
    text = line.strip(_DEVICE_DECORATION).lower()
    if text.startswith(DEVICE_ALWAYS):
        return True
    if not text.startswith(DEVICE_OPENERS) or len(text.split()) > _DEVICE_WORDS:
        return False
    return any(device in text for device in DEVICES)


def _without_signature(lines: list[str], kinds: list[_Kind], end: int) -> int:
    """Return where the signature at the end begins; `end` if there is none."""
    first = max(1, end - 2 * _SIGNATURE_LINES)
    for at in range(first, end):
        tail = [line for line in lines[at + 1 : end] if line]
        if _Kind.QUOTED in kinds[at:end] or len(tail) > _SIGNATURE_LINES:
            continue
        if _Kind.OWN in kinds[:at] and _begins_signature(lines[at], tail):
            return at
    return end


def _begins_signature(line: str, tail: list[str]) -> bool:
    if line == "--":  # RFC 3676 §4.3, with or without its space
        return True
    if any(len(other) > _SIGNATURE_WIDTH for other in tail):
        return False
    if _is_rule(line):
        # People draw lines too; a signature tells where to reach somebody.
        return any(mark in other for other in tail for mark in ("@", "http", "www."))
    if line.strip(" ,.!;:*").lower() not in CLOSINGS:
        return False
    return not any(
        other.endswith("?") or other.lower().partition(" ")[0].rstrip(":") in _POSTSCRIPT
        for other in tail
    )
