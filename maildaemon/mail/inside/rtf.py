"""RTF: objects of other programs in it, and templates from elsewhere."""

import re

from maildaemon.domain.message import Finding
from maildaemon.mail.inside.budget import KEPT
from maildaemon.mail.inside.look import Look
from maildaemon.mail.inside.office import read_package

# An object that shows a picture, or a table of an office file, and does nothing by itself.
_QUIET = re.compile(
    rb"(pbrush|paint\.picture|static(dib|metafile)|msgraph\.chart|excel\.(sheet|chart)|word\.document"
    rb"|powerpoint\.(show|slide)|visio\.drawing|acroexch\.document|mspaint)",
    re.IGNORECASE,
)
_TEMPLATE = re.compile(rb"\\\*\\template[^}]{0,40}?(https?|ftp|mhtml|file):", re.IGNORECASE)
_UPDATES = (b"\\objupdate", b"\\objautlink", b"\\objocx", b"\\objlink")
_HEX = re.compile(rb"[^0-9A-Fa-f]")
_OBJECTS = 100
_MOST = 2 * 1024 * 1024
_OLE1_EMBEDDED = b"\x02\x00\x00\x00"


def look_into_rtf(look: Look, content: bytes) -> None:
    """Look at the objects in an RTF file."""
    lower = content[:KEPT].lower()
    if _TEMPLATE.search(lower) or any(word in lower for word in _UPDATES):
        look.find(Finding.ACTIVE_CONTENT)
    at = -1
    for _ in range(_OBJECTS):
        at = lower.find(b"\\objdata", at + 1)
        if at < 0:
            return
        end = lower.find(b"}", at)
        digits = _HEX.sub(b"", content[at + 8 : min(end if end > 0 else len(content), at + _MOST)])
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
