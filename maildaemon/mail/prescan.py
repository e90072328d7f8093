"""The header block as bytes, bounded, before any parser sees it.

Python's `email` needs minutes for what a stranger can send in one mail, so nothing reaches it
that was not measured here. This scan is also what a degraded record is made of: it is linear,
looks at no more than the limits say, and never raises.
"""

import hashlib
import re
from dataclasses import dataclass

MAX_BLOCK = 256 * 1024
MAX_FIELDS = 1_000
MAX_FIELD = 16 * 1024
MAX_LIST_FIELD = 32 * 1024

# What the sender's own header says about a message; a redelivery changes none of it.
_IDENTIFYING = (b"from", b"to", b"cc", b"subject", b"date", b"message-id")

# Fields that are lists: when one is too long, its first and last members are kept.
_LISTS = {
    b"references": b">",
    b"in-reply-to": b">",
    b"to": b",",
    b"cc": b",",
    b"bcc": b",",
}

_FIELD = re.compile(rb"([!-9;-~]{1,100})([ \t]*):[ \t]*")
_FOLD = re.compile(rb"[\r\n][\r\n \t]*")
_JUNK_BEFORE = re.compile(rb"(?:\xef\xbb\xbf|[\r\n\x00]|[ \t]+\r?\n)*")
_MBOX_LINE = re.compile(rb">?From (?![ \t]*:)[^\n]{0,1000}\n")
_LINE_FEED = 10
_KNOWN = re.compile(
    rb"(?:from|to|cc|subject|date|message-id|mime-version|content-type|received|return-path"
    rb"|reply-to|in-reply-to|references|content-transfer-encoding|x-[a-z-]{1,40})[ \t]*:",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Scan:
    """The header fields of a message in order, and where its body begins.

    Names are lower case, values unfolded and without surrounding space. `exceeded` names the
    limit that the header block breaks; the fields found up to there are kept.
    """

    fields: tuple[tuple[bytes, bytes], ...]
    body: bytes
    defects: tuple[str, ...]
    exceeded: str | None = None

    def values(self, name: bytes) -> tuple[bytes, ...]:
        """Return all values of a field, in order."""
        return tuple(value for key, value in self.fields if key == name)

    def mime_header(self) -> bytes:
        """Return the fields that describe the body, as lines."""
        return b"".join(
            name + b": " + value + b"\r\n"
            for name, value in self.fields
            if name.startswith(b"content-")
        )


def scan(raw: bytes) -> Scan:
    """Return the header fields and the body of any bytes whatever."""
    if raw.startswith((b"\xff\xfe", b"\xfe\xff")):
        raw = raw.decode("utf-16", "replace").encode("utf-8")
    if b"\n" not in raw:
        raw = raw.replace(b"\r", b"\n")
    start = _skip_junk(raw)
    block, body_at, closed = _header_block(raw, start)
    lines = block.split(b"\n")
    defects: dict[str, None] = {}
    if not _looks_like_header(lines):
        if not closed or not _header_follows(raw, body_at):
            return Scan((), raw[start:], ("no_header",))
        defects["text_before_headers"] = None
        block, body_at, closed = _header_block(raw, body_at)
        lines = block.split(b"\n")
    return _fields(lines, raw[body_at:], defects, closed=closed)


def identity(scanned: Scan) -> str:
    """Return the sha256 by which a message is recognised however it arrives.

    Over what the sender wrote, not over what servers add on the way; line ends do not count.
    """
    digest = hashlib.sha256()
    for name in _IDENTIFYING:
        for value in scanned.values(name):
            digest.update(name + b":" + b" ".join(value.split()) + b"\n")
    body = scanned.body.translate(None, b"\r")
    end = len(body)
    while end and body[end - 1] == _LINE_FEED:
        end -= 1
    digest.update(b"\n")
    digest.update(memoryview(body)[:end])
    return digest.hexdigest()


def _skip_junk(raw: bytes) -> int:
    """Return where the header starts: after a BOM, blank lines and mbox separator lines."""
    position = 0
    while True:
        junk = _JUNK_BEFORE.match(raw, position, position + MAX_BLOCK)
        after = junk.end() if junk else position
        mbox = _MBOX_LINE.match(raw, after)
        if mbox is None:
            return after
        position = mbox.end()


def _header_block(raw: bytes, start: int) -> tuple[bytes, int, bool]:
    """Return the block, where the body begins, and whether the end was found in time."""
    limit = start + MAX_BLOCK
    end = raw.find(b"\n\r\n", start, limit + 3)
    bare = raw.find(b"\n\n", start, end + 1 if end >= 0 else limit + 3)
    end = bare if bare >= 0 else end
    if end < 0:
        end = min(len(raw), limit)
        return raw[start:end], end, len(raw) <= limit
    return raw[start:end], end + (2 if raw[end + 1 : end + 2] == b"\n" else 3), True


def _looks_like_header(lines: list[bytes]) -> bool:
    return bool(_FIELD.match(lines[0])) or any(_KNOWN.match(line) for line in lines)


def _header_follows(raw: bytes, body_at: int) -> bool:
    """Tell whether the next paragraph is a header block (the first one was some other text)."""
    block, _, _ = _header_block(raw, body_at)
    known = {match[0].lower() for line in block.split(b"\n") if (match := _KNOWN.match(line))}
    return len(known) > 1


def _fields(lines: list[bytes], body: bytes, defects: dict[str, None], *, closed: bool) -> Scan:
    """Take the lines of a header block apart; what is no header is dropped or given back."""
    fields: list[tuple[bytes, bytearray]] = []
    backwards = range(len(lines) - 1, -1, -1)
    last_known = next((at for at in backwards if _KNOWN.match(lines[at])), -1)
    for at, line in enumerate(lines):
        if line[:1] in (b" ", b"\t") and fields:
            fields[-1][1].extend(b"\n" + line)
        elif match := _FIELD.match(line):
            if len(fields) >= MAX_FIELDS:
                return Scan(_finish(fields, defects), body, tuple(defects), "too_many_headers")
            if match[2]:
                defects["space_before_colon"] = None
            fields.append((match[1].lower(), bytearray(line[match.end() :])))
        elif at > last_known and fields:
            # The blank line is missing: this is where the text begins.
            defects["missing_separator"] = None
            body = b"\n".join(lines[at:]) + b"\n\n" + body
            break
        elif line.strip():
            defects["text_before_headers"] = None
    exceeded = None if closed else "header_block_too_large"
    return Scan(_finish(fields, defects), body, tuple(defects), exceeded)


def _finish(
    fields: list[tuple[bytes, bytearray]], defects: dict[str, None]
) -> tuple[tuple[bytes, bytes], ...]:
    finished = []
    for name, folded in fields:
        value = bytes(folded)
        if b"\n" in value or b"\r" in value:
            value = _FOLD.sub(b" ", value).replace(b"\r", b" ")
        value = value.strip()
        limit = MAX_LIST_FIELD if name in _LISTS else MAX_FIELD
        if len(value) > limit:
            defects["header_too_long"] = None
            value = _shorten(name, value, limit)
        finished.append((name, value))
    return tuple(finished)


def _shorten(name: bytes, value: bytes, limit: int) -> bytes:
    """Cut at the border of a member or word; of a list, keep its two ends."""
    end_of_member = _LISTS.get(name)
    if end_of_member is None:
        head = value[:limit]
        return head.rpartition(b" ")[0] or head
    head = value[: limit // 2]
    tail = value[-(limit // 2) :]
    head = head[: head.rfind(end_of_member) + 1]
    return head + b" " + tail.partition(end_of_member)[2]
