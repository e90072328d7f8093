"""The lines that mail programs write above what they quote: "On …, … wrote:" and their kin.

Every question is about one place in the text and looks at a few short lines: the work is linear
in the text. What a language calls "wrote" helps; what counts more is what such a line is made of
in all of them: a date, an address, a colon at its end.
"""

import re

from maildaemon.mail.quote_words import (
    ABOVE_THIS_LINE,
    FORWARDED,
    OPENERS,
    ORIGINAL_MESSAGE,
    PROCESSED,
    TOLD,
    WROTE,
)

MAX_MARKER = 400
_LINES = 5
_NEAR = 10
_MAX_SEPARATOR = 60
_MAX_REPLY_ABOVE = 160
_MAX_ABBREVIATION = 6
_MAX_NAME = 80
_MAX_INITIALS = 6
_DECORATED = ("##", "--", "==", "**", "__", "—-", "- ", "~~", "— ", "——")
_ASKING = ("please ", "reply ", "write ", "respond ")
_AMBIGUOUS = frozenset(("original", "original email", "original e-mail", "original message"))

DECORATION = "-_=*—–━─> \t\u00a0\u3000"

_DATE = re.compile(
    r"(?:19|20)\d\d|\d[./-]\s?\d{1,2}[./-]\s?\d{2}|\d\s?[月월]"
    r"|\d{1,2}[.,]? [^\W\d]{3,9}\.? (?:at|um|à|o)\b"
)
_TIME = re.compile(r"\d[:.h]\d\d|\d ?[ap]\.?m\b|\d[时時시点]")
_ADDRESS = re.compile(r"[^\s@]@[^\s@]")
_BRACKETED = re.compile(r"[<(\[（＜](?:mailto:)?[^\s<>()\[\]]{1,100}@[^<>()\[\]]{1,100}[>)\]）＞]")
_MAY_ATTRIBUTE = re.compile(r"[\d@]|[:：]\W{0,10}$")
_SHARED = re.compile(
    r"(?<=[^\s>])(?:[ -]{1,8}|(?=(?:On|Am|Op) ))((?:On|Am|Le|Op|El|Il|Em|Den) [^<@]{0,25}\d)"
)
_NOTES = re.compile(r"---\d{1,4}[./-]\d{1,2}[./-]\d{2,4} \d{1,2}:\d\d[:\d]{0,3}.{0,5}---")
_HEARD = re.compile(r"\b(?:i|you|he|she|they|we|my|your|our|ich|er|sie|mein|ihr|je|il|elle|vous)\b")
_TALKING = re.compile(r"\b(?:i|you|we|they|he|she|ich|wir|ik|jag|jeg|yo|eu|nous|я|мы)\b")


def is_quoted(line: str) -> bool:
    return line.startswith(">")


def quote_follows(lines: list[str], at: int) -> bool:
    following = next((line for line in lines[at : at + _NEAR] if line), "")
    return is_quoted(following)


def attribution(lines: list[str], at: int) -> int:
    """Return over how many lines "On …, … wrote:" goes; 0 if this is no such thing."""
    first = lines[at]
    if not _MAY_ATTRIBUTE.search(first):
        return 0
    joined = ""
    for size in range(1, _LINES + 1 if _opens(first) else 2):
        line = lines[at + size - 1] if at + size <= len(lines) else ""
        joined = f"{joined} {line}".strip()
        if not line or is_quoted(line) or len(joined) > MAX_MARKER:
            return 0
        if _is_attribution(joined, first, quoted=quote_follows(lines, at + size)):
            return 0 if _begins_later(lines, at, size) else size
    return 0


def _begins_later(lines: list[str], at: int, size: int) -> bool:
    """Tell whether the line above is the customer's, and the attribution begins further down."""
    strong = _opens_with_date(lines[at]) and not _ends_sentence(lines[at])
    for later in range(at + 1, at + size):
        line = lines[later]
        if line.find(">") < line.find("<") or not (_opens(line) and "<" not in line[:1]):
            continue
        if strong and not _opens_with_date(line):
            continue
        rest = " ".join(lines[later : at + size])
        if _is_attribution(rest, line, quoted=quote_follows(lines, at + size)):
            return True
    return False


def _ends_sentence(line: str) -> bool:
    """Tell whether a sentence ends here, and no abbreviation: "p.m.", "okt."."""
    if not line.endswith((".", "!", "?")):
        return False
    return len(line.rpartition(" ")[2]) > _MAX_ABBREVIATION


def _opens(line: str) -> bool:
    return _opens_with_date(line) or "@" in line


def _opens_with_date(line: str) -> bool:
    first = line.strip(DECORATION).lstrip("\"'«„“(").lower()
    word = re.split(r"[\s,.]", first, maxsplit=1)[0]
    return first[:1].isdigit() or word in OPENERS or first[:1] in ("在", "於", "于")


def _is_attribution(line: str, first: str, *, quoted: bool) -> bool:
    text = lowered(line.strip(DECORATION))
    colon = text.endswith((":", "："))
    closed = colon or text.rstrip(". ").endswith(WROTE)
    date = _DATE.search(text) is not None
    time = _TIME.search(text) is not None
    who = _ADDRESS.search(text) is not None
    if not closed:
        # Old Gmail: "2026-11-20 10:00 GMT+01:00 Shop <s@shop.example>"
        return quoted and date and who and (time or (first[:1].isdigit() and line.endswith(">")))
    wrote = any(map(text.__contains__, WROTE))
    told = any(map(text.__contains__, TOLD))
    if quoted:
        return _introduces_quote(text, wrote=wrote, dated=date or time, who=who, told=told)
    if told:
        return False
    ends_in_address = colon and _ends_in_address(text)
    if who and (date or time) and (wrote or (ends_in_address and _opens(first))):
        return True
    if wrote and _is_address_and_verb(text):
        return True
    return date and time and wrote and _opens(first) and not _TALKING.search(text)


def _introduces_quote(text: str, *, wrote: bool, dated: bool, who: bool, told: bool) -> bool:
    if wrote:
        # "My colleague wrote:" is the customer's; programs know names and dates.
        return dated or who or not (told or _HEARD.search(text))
    return dated and who


def _ends_in_address(text: str) -> bool:
    body = text.rstrip(":： ")
    if body.endswith((">", ")", "]", "）", "＞")):
        return _BRACKETED.search(body[-200:]) is not None
    return _ADDRESS.search(body.rpartition(" ")[2]) is not None


def _is_address_and_verb(text: str) -> bool:
    """Tell whether this is "Name <address> wrote:" and nothing else."""
    found = _BRACKETED.search(text)
    if found is None or found.start() > _MAX_NAME:
        return False
    return text[found.end() :].strip(" ,:：") in WROTE or text.startswith(WROTE)


def with_marks(lines: list[str]) -> list[str]:
    """Return the lines with `>` where The Bat puts the author's initials before it: "AR> …".

    Consoles prompt like that, too: an attribution must stand above the first of such lines.
    """
    initials = ""
    found = list(lines)
    for at, line in enumerate(lines):
        head, mark, _ = line[:_MAX_INITIALS].partition(">")
        if not mark or not head.isalpha():
            continue
        if head != initials and _is_introduced(lines, at):
            initials = head
        if head == initials:
            found[at] = line[len(head) :]
    return found


def _is_introduced(lines: list[str], at: int) -> bool:
    above = next((line for line in reversed(lines[max(0, at - 3) : at]) if line), "")
    return bool(above) and _is_attribution(above, above, quoted=True)


def apart(lines: list[str]) -> list[str]:
    """Return the lines with an attribution put below the text that shares its line."""
    found: list[str] = []
    for at, line in enumerate(lines):
        shared = _SHARED.search(line) if len(line) <= MAX_MARKER and _is_closed(line) else None
        if shared and attribution([line[shared.start(1) :], *lines[at + 1 : at + _NEAR]], 0):
            found += [line[: shared.start()].rstrip(" -"), line[shared.start(1) :]]
        else:
            found.append(line)
    return found


def _is_closed(line: str) -> bool:
    return line.rstrip(" -\r").endswith((":", "wrote"))


def is_groupwise(line: str) -> bool:
    """Tell whether this is Novell's ">>> Name <address> 20.11.2026 10:00 >>>"."""
    if not line.startswith(">>") or not line.endswith((">>", ":")):
        return False
    text = line[:MAX_MARKER]
    return bool(_DATE.search(text) and _TIME.search(text)) and ("@" in text or line[2] in " >")


def is_notes(line: str) -> bool:
    """Tell whether this is Domino's "Name ---20.11.2026 10:00:00---What was written"."""
    return "---" in line and _NOTES.search(line[:MAX_MARKER]) is not None


def is_original(line: str) -> bool:
    core = lowered(line.strip(DECORATION + "[]<>|").rstrip(": ："))
    if len(core) > _MAX_SEPARATOR or not core:
        return False
    if core.startswith(PROCESSED):
        return True
    decorated = line[:2] in ("--", "==", "__", "**", "*-", "——", "━━", "──")
    if core in ORIGINAL_MESSAGE:
        return decorated or core not in _AMBIGUOUS
    return decorated and core.startswith(ORIGINAL_MESSAGE) and not core.startswith("original ")


def lowered(text: str) -> str:
    """Return the text in lower case; the Turkish capital I loses the dot that it would keep."""
    return text.lower().replace("i\u0307", "i")


def is_forward(line: str) -> bool:
    if not line.startswith(("-", "=", "_", "*", "—", ">", "─", "━")) and not line.endswith(
        (":", "：")
    ):
        return False
    core = lowered(line.strip(DECORATION))
    return len(core) <= 2 * _MAX_SEPARATOR and core.startswith(FORWARDED)


def is_reply_above(line: str) -> bool:
    """Tell whether a help desk asks here to answer above this line."""
    if len(line) > _MAX_REPLY_ABOVE:
        return False
    text = line.lower()
    if not (line.startswith(_DECORATED) or text.startswith(_ASKING)):
        return False
    return any(phrase in text for phrase in ABOVE_THIS_LINE)
