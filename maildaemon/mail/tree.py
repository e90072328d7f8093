"""The tree of parts: one parse by the standard library, held within bounds.

Three things are arranged around it. A message/* part stays a leaf, so that its wire bytes are
kept and what is inside never mixes with what is outside. Long contents are cut out before the
parse and put back when a leaf is read: line by line they would cost most of the time and memory.
And a part that is too much for the limits stops the parse.
"""

import re
from collections.abc import Iterator
from email.errors import (
    FirstHeaderLineIsContinuationDefect,
    MissingHeaderBodySeparatorDefect,
)
from email.message import Message as EmailMessage
from email.parser import BytesFeedParser
from email.policy import Policy, compat32

from maildaemon.mail.headers import decode_raw
from maildaemon.mail.parameters import Structured, parse_structured
from maildaemon.mail.prescan import MAX_FIELD
from maildaemon.mail.transfer import decode_transfer

MAX_DEPTH = 20
MAX_PARTS = 500
MAX_PART_FIELDS = 200
MAX_LINES = 200_000

_CUT_FROM = 4_096
_KEPT = 64 * 1024
_MAX_STRETCHES = 4 * MAX_PARTS
_BLANK = re.compile(rb"\n\r?\n")
_MAX_PART_HEADER = 8_192

# What only some readers take for the end of a line or of a header, or for the end of a name.
# (Japanese and Korean charsets are switched by control characters.)
_ODD_IN_FIELD = re.compile("[\x00-\x08\x0b\x0c\x10-\x1a\x1c-\x1f]|\n[ \t]+(?:\r?\n|$)")
_BARE_RETURN = re.compile(rb"\r(?=--|content-)", re.IGNORECASE)

# Fields that the library did not take for fields: a space before the colon, bytes in the name.
_LOOSE_FIELD = re.compile(
    r"^[^\n:]{0,8}(content-[a-z-]{0,40})[^\n:a-z-]{0,8}:", re.IGNORECASE | re.MULTILINE
)
_FIELD_OR_FOLD = re.compile(r"(?:[!-9;-~]{1,76}:|[ \t])")
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
        self.charset: str | None = None
        self.decoded: tuple[bytes, tuple[str, ...]] | None = None
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
        if _ODD_IN_FIELD.search(text):
            self.ambiguous = True
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
        return next(self.texts(name), "")

    def texts(self, name: str) -> Iterator[str]:
        """Yield every value of a field, unfolded."""
        for key, value in self.raw_items():
            if key.lower() == name:
                unfolded = "".join(str(value).splitlines())
                yield decode_raw(unfolded.encode("utf-8", "surrogateescape"), self.charset)

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

    def become(self, other: "Part") -> None:
        """Take another part in as the only child, with all that is under it."""
        self.counter[0] += other.counter[0]
        if self.counter[0] > MAX_PARTS:
            raise LimitExceededError("too_many_parts")
        other.sink(self.depth + 1, self.counter)
        self._payload = [other]
        self.decoded = None

    def sink(self, depth: int, counter: list[int]) -> None:
        """Place this part and all under it at a depth."""
        self.depth = depth
        self.counter = counter
        for child in self.children:
            child.sink(depth + 1, counter)

    def height(self) -> int:
        """Return how many levels there are under this part."""
        return max((child.height() + 1 for child in self.children), default=0)

    def amend(self, other: "Part", payload: str) -> None:
        """Take over the header fields of another reading of this part."""
        for name, value in other.raw_items():
            self.set_raw(name, value)
        self._structured.clear()
        self._payload = payload


class Tree:
    """A parsed message: the root part, and the bytes that were cut out of it.

    `charset` is the first that a text declares, None if none does.
    """

    def __init__(self, header: bytes, body: bytes, nonce: str) -> None:
        """Parse; raises LimitExceededError. `nonce` must be nothing a sender could foresee."""
        self._marker = f"\x00{nonce}:".encode("ascii")
        self._pieces: list[bytes] = []
        self.root = self._read(header, body)
        self.charset = _charset(self.root)
        _set_charset(self.root, self.charset)

    def graft(self, part: Part, raw: bytes) -> None:
        """Put the entity that was wrapped in a leaf in its place; raises LimitExceededError."""
        header, body = _split_entity(raw)
        inner = self._read(header, body)
        if part.depth + inner.height() >= MAX_DEPTH:
            raise LimitExceededError("too_deep")
        part.become(inner)

    def raw(self, part: Part) -> bytes:
        """Return the wire bytes of a leaf, still in its transfer encoding."""
        return self.restore(part.content)

    def decoded(self, part: Part) -> tuple[bytes, tuple[str, ...]]:
        """Return what a leaf holds, and what is doubtful about it (`decode_transfer`)."""
        if part.decoded is not None:
            return part.decoded
        raw = self.raw(part)
        decoded = decode_transfer(raw, transfer_encoding(part))
        # A text is looked at by several; a large file once, and not kept.
        part.decoded = decoded if len(raw) <= _KEPT else None
        return decoded

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

    def _skeleton(self, body: bytes) -> bytes:
        """Return a body without its long stretches, which are noted."""
        skeleton = _cut_out(body, self._marker, self._pieces)
        if skeleton.count(b"\n") > MAX_LINES:
            raise LimitExceededError("too_many_lines")
        return skeleton

    def _read(self, header: bytes, body: bytes) -> Part:
        skeleton = self._skeleton(body)
        root = _parse(header + b"\r\n" + skeleton)
        root.ambiguous = root.ambiguous or _BARE_RETURN.search(skeleton) is not None
        self._mend(root, ())
        return root

    def _mend(self, part: Part, around: "tuple[Part, ...]") -> None:
        """Give broken parts the second reading that mail clients give them, and flag them."""
        if part.depth:
            _mend_fields(part)
        multipart = part.media_type.startswith("multipart/")
        boundary = part.get_boundary() or ""
        for outer in around:
            # Some readers compare only as much of a line as a boundary is long.
            if _is_taken_for(outer.get_boundary() or "", boundary, part.content):
                part.ambiguous = outer.ambiguous = True
        encoding = transfer_encoding(part)
        if multipart and encoding in ("base64", "quoted-printable"):
            # RFC 2045 §6.4: a multipart must not be encoded as a whole.
            part.ambiguous = True
            if not part.children:
                self._decode_whole(part, encoding)
        if not part.children and (multipart or _is_mislabelled(part, boundary)):
            _find_boundary(part)
        for child in part.children:
            self._mend(child, (*around, part))

    def _decode_whole(self, part: Part, encoding: str) -> None:
        raw = decode_transfer(self.raw(part), encoding)[0]
        header = f"Content-Type: {part.text('content-type')}\r\n".encode("utf-8", "replace")
        mended = _parse(header + b"\r\n" + self._skeleton(raw))
        if mended.children:
            part.adopt(mended)


def transfer_encoding(part: Part) -> str:
    """Return the name of a part's transfer encoding; empty if it states none."""
    return part.structured("content-transfer-encoding").value


def _charset(part: Part) -> str | None:
    """Return the first charset that a text of the message declares."""
    if part.media_type.startswith("text/"):
        return part.structured("content-type").first("charset")
    return next((found for child in part.children if (found := _charset(child))), None)


def _set_charset(part: Part, charset: str | None) -> None:
    """Let raw 8-bit bytes in the fields of the parts be read in the charset of the text."""
    part.charset = charset
    for child in part.children:
        _set_charset(child, charset)


def _split_entity(raw: bytes) -> tuple[bytes, bytes]:
    """Return the header fields and the body of a MIME entity."""
    if raw.startswith((b"\n", b"\r\n")):
        return b"", raw
    blank = _BLANK.search(raw, 0, _MAX_PART_HEADER)
    return (raw[: blank.start() + 1], raw[blank.end() :]) if blank else (raw, b"")


def _parse(raw: bytes) -> Part:
    parser = BytesFeedParser(Part)
    parser.feed(raw)
    root: Part = parser.close()
    return root


def _cut_out(body: bytes, marker: bytes, pieces: list[bytes]) -> bytes:
    """Replace each long stretch by a marker; return the skeleton, note what was taken out."""
    output: list[bytes] = []
    position = 0
    for start, stop in _stretches(body):
        output += (body[position:start], marker, b"%d;" % len(pieces))
        pieces.append(body[start:stop])
        position = stop
    output.append(body[position:])
    return b"".join(output)


def _stretches(body: bytes) -> Iterator[tuple[int, int]]:
    """Yield where long stretches begin and end that have no structure in them.

    After an empty line stands content, of a part or around the parts, and it goes on at least
    until a line begins with `--`.
    """
    position = 0
    dashes = _Dashes(body)
    inside = not body.startswith(b"--")
    blank, searched = None, 0
    for _ in range(_MAX_STRETCHES):
        if inside:
            stop = dashes.after(position)
            if stop - position >= _CUT_FROM:
                yield position, stop
            position = max(position, stop)
        if blank is None or blank.start() < position:
            # Where none was found the time before, none is looked for again.
            limit = position + _MAX_PART_HEADER
            blank = _BLANK.search(body, max(position, searched), limit)
            searched = limit - 2 if blank is None else searched
        inside = blank is not None
        position = blank.end() if blank else dashes.after(position + 3)
        if position >= len(body):
            return


class _Dashes:
    """Finds the lines with `--` in front; asked for ascending places, it reads the body once."""

    def __init__(self, body: bytes) -> None:
        self._body = body
        self._at = {b"\n--": -1, b"\r--": -1}

    def after(self, position: int) -> int:
        """Return where the line end before the next such line begins."""
        start = max(0, position - 1)
        line, bare = self._next(b"\n--", start), self._next(b"\r--", start)
        with_cr = line < len(self._body) and self._body[line - 1 : line] == b"\r"
        return min(line - with_cr, bare)  # for the library, CR alone ends a line, too

    def _next(self, mark: bytes, start: int) -> int:
        if self._at[mark] < start:
            found = self._body.find(mark, start)
            self._at[mark] = len(self._body) if found < 0 else found
        return self._at[mark]


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


def _is_taken_for(outer: str, boundary: str, content: str) -> bool:
    """Tell whether the boundary around a part can also be seen inside it."""
    return bool(outer) and (boundary == outer or f"\n--{outer}" in content)


def _is_mislabelled(part: Part, boundary: str) -> bool:
    """Tell whether what is no multipart by its type is one for some readers."""
    if part.media_type.startswith("message/"):
        return False
    if boundary and f"--{boundary}\n" in part.content.replace("\r\n", "\n"):
        return True
    return part.count("content-type") > 0 and part.structured("content-type").media_type is None


def _mend_fields(part: Part) -> None:
    """Read fields that the library took for text; flag a header whose end is in doubt."""
    kinds = {type(defect) for defect in part.defects}
    if FirstHeaderLineIsContinuationDefect in kinds:
        part.ambiguous = True
    if MissingHeaderBodySeparatorDefect not in kinds:
        return
    part.ambiguous = True
    blank = _BLANK_TEXT.search(part.content)
    end = min(blank.end() if blank else len(part.content), _MAX_PART_HEADER)
    head = _LOOSE_FIELD.sub(r"\1:", part.content[:end])
    if head == part.content[:end] and _LOOSE_FIELD.search(head) is None:
        return
    fields = [line for line in head.split("\n") if _FIELD_OR_FOLD.match(line)]
    mended = _parse(("\n".join(fields) + "\n\n").encode("ascii", "surrogateescape"))
    part.amend(mended, part.content[end:])
