"""The tree of parts: one parse by the standard library, held within bounds.

Three things are arranged around it. A message/* part stays a leaf, so that its wire bytes are
kept and what is inside never mixes with what is outside. Long contents are cut out before the
parse and put back when a leaf is read: line by line they would cost most of the time and memory.
And a part that is too much for the limits stops the parse.
"""

import re
from collections.abc import Iterator
from email.errors import MissingHeaderBodySeparatorDefect
from email.message import Message as EmailMessage
from email.parser import BytesFeedParser
from email.policy import Policy, compat32

from maildaemon.mail.headers import decode_raw
from maildaemon.mail.parameters import Structured, parse_structured
from maildaemon.mail.prescan import MAX_FIELD

MAX_DEPTH = 20
MAX_PARTS = 500
MAX_PART_FIELDS = 200
MAX_LINES = 200_000

_CUT_FROM = 4_096
_MAX_STRETCHES = 4 * MAX_PARTS
_BLANK = re.compile(rb"\n\r?\n")
_MAX_PART_HEADER = 8_192

_SPACED_FIELD = re.compile(r"content-[a-z-]{1,40}[ \t]+:", re.IGNORECASE)
_SPACED = re.compile(r"^([!-9;-~]{1,76})[ \t]+:", re.MULTILINE)
_BLANK_TEXT = re.compile(r"\n\r?\n")
_START = re.compile(r"^--([^\r\n]{1,200}?)[ \t]*\r?\n[!-9;-~]{1,76}[ \t]*:", re.MULTILINE)


class LimitExceededError(Exception):
    """The message has more of something than is taken apart; `args[0]` is the stable name."""


class Part(EmailMessage):
    """A node of the tree, with its place and what was odd about it."""

    # The library keeps it like this; its accessors decode, and lose bytes on the way.
    _payload: "list[Part] | str | None"

    def __init__(self, policy: Policy = compat32) -> None:
        """Make a root; `attach` gives a child its place."""
        super().__init__(policy)
        self.depth = 0
        self.counter = [1]
        self.ambiguous = False
        self._structured: dict[str, Structured] = {}

    def attach(self, payload: "Part") -> None:  # type: ignore[override]
        """Take a child in, unless the tree is too deep or too large."""
        payload.depth = self.depth + 1
        payload.counter = self.counter
        self.counter[0] += 1
        if payload.depth > MAX_DEPTH:
            raise LimitExceededError("too_deep")
        if self.counter[0] > MAX_PARTS:
            raise LimitExceededError("too_many_parts")
        super().attach(payload)

    def set_raw(self, name: str, value: object) -> None:
        """Store a header field as the parser found it; cut, and not without end."""
        if len(self) >= MAX_PART_FIELDS and self.depth:
            self.ambiguous = True
            return
        text = str(value)
        if len(text) > MAX_FIELD:
            self.ambiguous = True
            text = text[:MAX_FIELD]
        super().set_raw(name, text)

    def get_content_type(self) -> str:
        """Tell the library's parser what to descend into: multiparts, never message/*."""
        media_type = self.media_type
        return "application/octet-stream" if media_type.startswith("message/") else media_type

    def get_content_maintype(self) -> str:
        """Return the first half of `get_content_type`."""
        return self.get_content_type().partition("/")[0]

    def get_boundary(self, failobj: object = None) -> str | None:  # type: ignore[override]
        """Return the boundary as we read parameters (the library's way can raise)."""
        boundary = self.structured("content-type").first("boundary")
        return boundary.rstrip() if boundary else None

    @property
    def media_type(self) -> str:
        """Return what the part says it is; RFC 2045 §5.2: text/plain if that means nothing."""
        return self.structured("content-type").media_type or self.get_default_type()

    def structured(self, name: str) -> Structured:
        """Return a Content-* field taken apart; empty if it is absent."""
        known = self._structured.get(name)
        if known is None:
            text = self.text(name)
            known = parse_structured(text)
            self._structured[name] = known
        return known

    def text(self, name: str) -> str:
        """Return the first value of a field, unfolded; empty if it is absent."""
        for key, value in self.raw_items():
            if key.lower() == name:
                unfolded = "".join(str(value).splitlines())
                return decode_raw(unfolded.encode("utf-8", "surrogateescape"))
        return ""

    def count(self, name: str) -> int:
        """Return how often a field occurs."""
        return sum(1 for key, _ in self.raw_items() if key.lower() == name)

    @property
    def children(self) -> "list[Part]":
        """Return the parts of a multipart; empty for a leaf."""
        return self._payload if isinstance(self._payload, list) else []

    @property
    def content(self) -> str:
        """Return the payload of a leaf as the library keeps it: bytes above 127 as surrogates."""
        return self._payload if isinstance(self._payload, str) else ""

    def adopt(self, other: "Part") -> None:
        """Take over the children of another reading of this part."""
        self.counter[0] += other.counter[0]
        self._payload = None
        self.preamble, self.epilogue = other.preamble, other.epilogue
        for child in other.children:
            self.attach(child)

    def amend(self, other: "Part", payload: str) -> None:
        """Take over the header fields of another reading of this part."""
        for name, value in other.raw_items():
            self.set_raw(name, value)
        self._structured.clear()
        self._payload = payload


class Tree:
    """A parsed message: the root part, and the bytes that were cut out of it."""

    def __init__(self, header: bytes, body: bytes, nonce: str) -> None:
        """Parse; raises LimitExceededError. `nonce` must be nothing a sender could foresee."""
        self._marker = f"\x00{nonce}:".encode("ascii")
        skeleton, self._pieces = _cut_out(body, self._marker)
        if skeleton.count(b"\n") > MAX_LINES:
            raise LimitExceededError("too_many_lines")
        self.root = _parse(header + b"\r\n" + skeleton)
        _mend(self.root)

    def raw(self, part: Part) -> bytes:
        """Return the wire bytes of a leaf, still in its transfer encoding."""
        return self.restore(part.content)

    def restore(self, content: str) -> bytes:
        """Return text of the tree as the bytes it came from, with what was cut out."""
        skeleton = content.encode("ascii", "surrogateescape")
        head, *rest = skeleton.split(self._marker)
        output = [head]
        for piece in rest:
            index, _, after = piece.partition(b";")
            output += (self._pieces[int(index)], after)
        filled = [piece for piece in output if piece]
        return filled[0] if len(filled) == 1 else b"".join(filled)


def _mend(part: Part) -> None:
    """Give broken parts the second reading that mail clients give them, and flag them."""
    if _has_spaced_fields(part):
        _read_spaced_fields(part)
    if part.media_type.startswith("multipart/") and not part.children:
        _find_boundary(part)
    for child in part.children:
        _mend(child)


def _parse(raw: bytes) -> Part:
    parser = BytesFeedParser(Part)
    parser.feed(raw)
    root: Part = parser.close()
    return root


def _cut_out(body: bytes, marker: bytes) -> tuple[bytes, list[bytes]]:
    """Replace each long stretch by a marker; return the skeleton and what was taken out."""
    output: list[bytes] = []
    pieces: list[bytes] = []
    position = 0
    for start, stop in _stretches(body):
        output += (body[position:start], marker, b"%d;" % len(pieces))
        pieces.append(body[start:stop])
        position = stop
    output.append(body[position:])
    return b"".join(output), pieces


def _stretches(body: bytes) -> Iterator[tuple[int, int]]:
    """Yield where long stretches begin and end that have no structure in them.

    After an empty line stands content, of a part or around the parts, and it goes on at least
    until a line begins with `--`.
    """
    position = 0
    inside = not body.startswith(b"--")
    for _ in range(_MAX_STRETCHES):
        if inside:
            stop = _next_dashes(body, position)
            if stop - position >= _CUT_FROM:
                yield position, stop
            position = max(position, stop)
        blank = _BLANK.search(body, position, position + _MAX_PART_HEADER)
        inside = blank is not None
        position = blank.end() if blank else _next_dashes(body, position + 3)
        if position >= len(body):
            return


def _next_dashes(body: bytes, position: int) -> int:
    """Return where the line end before the next line with `--` in front begins."""
    start = max(0, position - 1)
    stop = body.find(b"\n--", start)
    stop = len(body) if stop < 0 else stop - (body[stop - 1 : stop] == b"\r")
    bare = body.find(b"\r--", start, stop)  # for the library, CR alone ends a line, too
    return stop if bare < 0 else bare


def _find_boundary(part: Part) -> None:
    """Take the first line that looks like a boundary for one, if the declared is not there."""
    part.ambiguous = True
    match = _START.search(part.content)
    if match is None:
        return
    boundary = match[1].replace("\\", "\\\\").replace('"', '\\"')
    header = f'Content-Type: multipart/mixed; boundary="{boundary}"\r\n\r\n'
    mended = _parse((header + part.content).encode("ascii", "surrogateescape"))
    if mended.children:
        part.adopt(mended)


def _has_spaced_fields(part: Part) -> bool:
    broken = any(isinstance(defect, MissingHeaderBodySeparatorDefect) for defect in part.defects)
    return broken and bool(_SPACED_FIELD.match(part.content))


def _read_spaced_fields(part: Part) -> None:
    """A space before the colon ends the header for the library, not for mail clients."""
    part.ambiguous = True
    blank = _BLANK_TEXT.search(part.content)
    end = blank.end() if blank else len(part.content)
    head = _SPACED.sub(r"\1:", part.content[: min(end, _MAX_PART_HEADER)])
    mended = _parse((head + "\n\n").encode("ascii", "surrogateescape"))
    part.amend(mended, part.content[end:])
