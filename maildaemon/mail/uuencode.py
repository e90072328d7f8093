"""Files written into the text as letters (uuencode), as mail did before MIME.

Only what is whole is taken out: a begin line, lines that are as long as they say, an end. A
person may write "begin" at the start of a line.
"""

import binascii
import re

from maildaemon.mail.charsets import decode
from maildaemon.mail.enclosed import Enclosed

MAX_FILES = 100
# So many lines may begin a file and be none; nobody writes as many, and each costs a look.
_TRIED_AT_MOST = 10_000

BEGIN = re.compile(rb"^begin [0-7]{3,4} ([^\r\n]{1,255})\r?\n", re.MULTILINE)
_LONGEST = 45
_GRACE = 4  # some encoders pad lines or add a checksum


def take_out_files(content: bytes) -> tuple[bytes, tuple[Enclosed, ...]]:
    """Return the text without the files, and the files; linear."""
    files: list[Enclosed] = []
    rest: list[bytes] = []
    position = search = tried = 0
    while len(files) < MAX_FILES and (begin := BEGIN.search(content, search)):
        data, end, whole = decode_lines(content, begin.end())
        if not whole:
            search, tried = begin.end(), tried + 1
            if tried == _TRIED_AT_MOST:
                break
            continue
        name = decode(begin[1].strip(), None)[0]
        files.append(Enclosed(names=(name,), content=data))
        rest.append(content[position : begin.start()])
        position = search = end
    return (b"".join([*rest, content[position:]]), tuple(files)) if files else (content, ())


def decode_lines(content: bytes, position: int) -> tuple[bytes, int, bool]:
    """Return the file that begins at a line, where it ends, and whether its end was found."""
    output: list[bytes] = []
    while position < len(content):
        stop = content.find(b"\n", position)
        stop = len(content) if stop < 0 else stop + 1
        line = content[position:stop].rstrip(b"\r\n")
        if line.strip() == b"end":
            return b"".join(output), stop, True
        piece = _decode_line(line)
        if piece is None:
            break
        output.append(piece)
        position = stop
    return b"".join(output), position, False


def _decode_line(line: bytes) -> bytes | None:
    """Return what a line holds; None if it is no such line."""
    if line.strip() in (b"", b"`"):
        return b""
    size = (line[0] - 32) & 63
    length = (size * 4 + 2) // 3
    if size > _LONGEST or len(line) - 1 > ((size + 2) // 3) * 4 + _GRACE:
        return None
    try:
        # Spaces at the end of a line are lost on the way.
        return binascii.a2b_uu(line[: length + 3].ljust(length + 1, b" "))
    except binascii.Error:
        try:
            return binascii.a2b_uu(line[: length + 1].ljust(length + 1, b" "))
        except binascii.Error:
            return None
