"""Reads structured header field values (RFC 5322 §3.2), whose words a stranger may have chosen."""


def plain(value: str) -> str:
    """Return the value without comments; what is quoted holds together and cannot separate.

    In `(a "; b=c) d "e; f"` there is one item, `d e__f`: whoever chooses a comment or a quoted
    word must not be able to write what looks like the next item.
    """
    kept: list[str] = []
    depth = 0
    quoted = escaped = False
    for character in value:
        if escaped:
            escaped = False
        elif character == "\\" and (quoted or depth):
            escaped = True
            continue
        elif character == '"' and not depth:
            quoted = not quoted
            continue
        elif character in "()" and not quoted:
            depth = depth + 1 if character == "(" else max(0, depth - 1)
            continue
        if not depth:
            kept.append("_" if quoted and (character in ";=" or character.isspace()) else character)
    return "".join(kept).strip()
