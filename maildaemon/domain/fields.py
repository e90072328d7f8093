"""Reads structured header field values (RFC 5322 §3.2), whose words a stranger may have chosen."""

import re

_PIECE = re.compile(r'[\\"()]|[^\\"()]+')
_SEPARATING = re.compile(r"[;=\s]")


def plain(value: str) -> str:
    """Return the value without comments; what is quoted holds together and cannot separate.

    In `(a "; b=c) d "e; f"` there is one item, `d e__f`: whoever chooses a comment or a quoted
    word must not be able to write what looks like the next item.
    """
    kept: list[str] = []
    depth = 0
    quoted = escaped = False
    for piece in _PIECE.findall(value):
        if escaped:
            escaped = False
        elif piece == "\\" and (quoted or depth):
            escaped = True
            continue
        elif piece == '"' and not depth:
            quoted = not quoted
            continue
        elif piece in "()" and not quoted:
            depth = depth + 1 if piece == "(" else max(0, depth - 1)
            continue
        if not depth:
            kept.append(_SEPARATING.sub("_", piece) if quoted else piece)
    return "".join(kept).strip()
