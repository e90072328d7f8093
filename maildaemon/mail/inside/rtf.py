"""RTF: objects of other programs in it, and templates from elsewhere."""

import re
from collections.abc import Iterator
from itertools import islice

from maildaemon.domain.message import Finding
from maildaemon.mail.inside.budget import KEPT
from maildaemon.mail.inside.look import Look
from maildaemon.mail.inside.office import leads_elsewhere, read_package

# An object that shows a picture, or a table of an office file, and does nothing by itself.
_QUIET = re.compile(
    rb"(pbrush|paint\.picture|static(dib|metafile)|msgraph\.chart|excel\.(sheet|chart)|word\.document"
    rb"|powerpoint\.(show|slide)|visio\.drawing|acroexch\.document|mspaint)",
    re.IGNORECASE,
)
# What stands behind these is loaded, or run, when the file is opened.
_TEMPLATE = re.compile(rb"\\template(?![a-z])")
_FIELD = re.compile(rb"\\fldinst(?![a-z])")
_TOLD = 50
_FAR, _LONG = 20_000, 2000
_TOKEN = re.compile(
    r"\\'(?P<code>[0-9a-f]{2})|\\u(?P<number>-?\d{1,6}) ?|\\[a-z]{1,32}(?:-?\d{1,10})? ?"
    r"|\\(?P<sign>[^a-z])|[{}\r\n]",
    re.IGNORECASE,
)
_UPDATES = (b"\\objupdate", b"\\objautlink", b"\\objocx", b"\\objlink")
_HEX = re.compile(rb"[^0-9A-Fa-f]")
_OBJECTS = 100
_MOST = 2 * 1024 * 1024
_OLE1_EMBEDDED = b"\x02\x00\x00\x00"


def look_into_rtf(look: Look, content: bytes) -> None:
    """Look at the objects in an RTF file."""
    lower = content[:KEPT].lower()
    elsewhere = any(map(leads_elsewhere, _told(_TEMPLATE, lower)))
    runs = any(told.lstrip(' "\\').startswith("dde") for told in _told(_FIELD, lower))
    if elsewhere or runs or any(word in lower for word in _UPDATES):
        look.find(Finding.ACTIVE_CONTENT)
    at = -1
    for _ in range(_OBJECTS):
        at = lower.find(b"\\objdata", at + 1)
        if at < 0:
            return
        end = lower.find(b"}", at)
        told = content[at + 8 : min(end if end > 0 else len(content), at + _MOST)]
        if b"{" in told or b"\\" in told:
            # So writes only who does not want it to be read.
            look.find(Finding.ACTIVE_CONTENT)
        digits = _HEX.sub(b"", told)
        _look_at_object(look, bytes.fromhex(digits[: len(digits) // 2 * 2].decode("ascii")))


def _look_at_object(look: Look, data: bytes) -> None:
    """See what program an object belongs to: the name stands behind its length."""
    length = int.from_bytes(data[8:12], "little")
    name = data[12 : 12 + min(length, 100)].rstrip(b"\x00")
    if data[4:8] == _OLE1_EMBEDDED and name.lower() == b"package":
        # Two further names, both empty as a rule, then the size of what is packed.
        names, packed = read_package(data[12 + length + 8 :])
        look.file(names, packed)
    elif not _QUIET.match(name):
        look.find(Finding.ACTIVE_CONTENT)
    else:
        # What it says it is proves nothing; two names, both empty as a rule, and a size.
        look.file((), data[12 + length + 12 :])


def _told(word: re.Pattern[bytes], lower: bytes) -> Iterator[str]:
    """Yield what stands behind a word, as it is meant: a letter may be written as its number, and
    behind such a one may stand another letter for those who cannot read it, or not.
    """
    for found in islice(word.finditer(lower), _TOLD):
        text = lower[found.end() : found.end() + _FAR].lstrip()[:_LONG].decode("latin-1")
        group = text[: _end_of_group(text)]
        yield _TOKEN.sub(_meant, group)
        yield _TOKEN.sub(_meant, re.sub(r"(\\u-?\d{1,6} ?)[^\\{}]", r"\1", group))


def _end_of_group(text: str) -> int:
    depth = 1
    for token in re.finditer(r"\\[\\{}]|[{}]", text):
        depth += {"{": 1, "}": -1}.get(token[0], 0)
        if not depth:
            return token.start()
    return len(text)


def _meant(token: re.Match[str]) -> str:
    if token["code"]:
        return chr(int(token["code"], 16))
    if token["number"]:
        return chr(int(token["number"]) & 0xFFFF)
    return token["sign"] or ""
