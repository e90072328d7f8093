"""Outlook's wrapper (TNEF, `winmail.dat`): the files in it, and the text if there is no other.

Attributes one after the other, each with its length and checksum; some of them hold lists of
MAPI properties. Published by Microsoft as MS-OXTNEF. Whatever is not as it should be ends the
reading: what was found until then counts, and the wrapper is told to be damaged.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from maildaemon.mail.charsets import decode
from maildaemon.mail.enclosed import Enclosed

TNEF_TYPES = ("application/ms-tnef", "application/vnd.ms-tnef")
SIGNATURE = b"\x78\x9f\x3e\x22"
MAX_FILES = 500
MAX_DEPTH = 3
_MAX_ATTRIBUTES = 20_000
_MAX_PROPERTIES = 20_000
_MAX_VALUES = 2_000

# Attributes, by their number without the type.
_BODY, _CODEPAGE, _PROPERTIES = 0x800C, 0x9007, 0x9003
_FILE_BEGINS, _FILE_TITLE, _FILE_DATA, _FILE_PROPERTIES = 0x9002, 0x8010, 0x800F, 0x9005

# Properties.
_TEXT, _HTML, _RTF, _INTERNET_CODEPAGE = 0x1000, 0x1013, 0x1009, 0x3FDE
_DATA, _METHOD, _MIME_TYPE, _CONTENT_ID = 0x3701, 0x3705, 0x370E, 0x3712
_LONG_NAME, _SHORT_NAME, _SHOWN_NAME = 0x3707, 0x3704, 0x3001
_EMBEDDED_MESSAGE = 5

# Types of properties: of fixed size, and of a size that stands before the value.
_SIZES = {2: 2, 3: 4, 4: 4, 5: 8, 6: 8, 7: 8, 10: 4, 11: 2, 20: 8, 64: 8, 72: 16}
_STRING8, _UNICODE, _OBJECT, _BINARY = 0x1E, 0x1F, 0x0D, 0x102
_MANY, _NAMED = 0x1000, 0x8000
_HEAD = 9  # level, number, type and length of an attribute
_LEVELS = (1, 2)  # of the message, of a file
_CHECKSUM = 2
_INTERFACE = 16  # an object begins with the number of its interface
_LONG = 3

Properties = dict[int, list[object]]


class _DamagedError(Exception):
    """The wrapper ends, or goes on, where it must not."""


@dataclass(frozen=True, slots=True)
class Unwrapped:
    """What was in a wrapper; not `whole` if some of it could not be read."""

    files: tuple[Enclosed, ...]
    text: str
    html: str
    rtf: bytes
    whole: bool


def unwrap_tnef(data: bytes, depth: int = 0) -> Unwrapped:
    """Return what is in the wrapper, its rich text still compressed; total, linear, bounded."""
    reader = _Reader(depth)
    whole = data.startswith(SIGNATURE)
    try:
        if whole:
            reader.read(data)
    except _DamagedError:
        whole = False
    return reader.result(whole=whole)


class _Reader:
    """Follows the attributes of one wrapper."""

    def __init__(self, depth: int) -> None:
        self._depth = depth
        self._codepage = "cp1252"
        self._body = b""
        self._message: Properties = {}
        self._files: list[Properties] = []
        self._titles: list[bytes] = []
        self._contents: list[bytes] = []

    def read(self, data: bytes) -> None:
        """Note every attribute."""
        for number, value in _attributes(data):
            if number == _CODEPAGE:
                self._codepage = f"cp{_number(value[:4])}"
            elif number == _BODY:
                self._body = value
            elif number == _PROPERTIES:
                self._message.update(_properties(value))
            elif number == _FILE_BEGINS:
                self._begin_file()
            elif self._files:
                self._describe_file(number, value)

    def _begin_file(self) -> None:
        if len(self._files) >= MAX_FILES:
            raise _DamagedError
        self._files.append({})
        self._titles.append(b"")
        self._contents.append(b"")

    def _describe_file(self, number: int, value: bytes) -> None:
        if number == _FILE_TITLE:
            self._titles[-1] = value
        elif number == _FILE_DATA:
            self._contents[-1] = value
        elif number == _FILE_PROPERTIES:
            self._files[-1].update(_properties(value))

    def result(self, *, whole: bool) -> Unwrapped:
        files: list[Enclosed] = []
        for properties, title, content in zip(
            self._files, self._titles, self._contents, strict=True
        ):
            file, inner = self._file(properties, title, content)
            files.append(file)
            files.extend(inner.files if inner else ())
            whole = whole and (inner is None or inner.whole)
        html = _first(self._message, _HTML)
        internet = _first(self._message, _INTERNET_CODEPAGE)
        page = html if isinstance(html, str) else self._decode(html, internet)
        text = _first(self._message, _TEXT)
        found = text if isinstance(text, str) else self._decode(text or self._body, None)
        rtf = _first(self._message, _RTF)
        rich = rtf if isinstance(rtf, bytes) else b""
        return Unwrapped(tuple(files[:MAX_FILES]), found.strip("\x00"), page, rich, whole)

    def _file(
        self, properties: Properties, title: bytes, content: bytes
    ) -> tuple[Enclosed, Unwrapped | None]:
        data = _first(properties, _DATA)
        content = data if isinstance(data, bytes) else content
        declared = self._word(properties, _MIME_TYPE).lower()
        inner = None
        if (
            _first(properties, _METHOD) == _EMBEDDED_MESSAGE
            or content[_INTERFACE : _INTERFACE + 4] == SIGNATURE
        ):
            content = content.removeprefix(content[:_INTERFACE])
            declared = TNEF_TYPES[0]
            inner = unwrap_tnef(content, self._depth + 1) if self._depth < MAX_DEPTH else None
        file = Enclosed(
            names=self._names(properties, title),
            content=content,
            declared_type=declared or "application/octet-stream",
            content_id=self._word(properties, _CONTENT_ID).strip("<> ") or None,
        )
        return file, inner

    def _names(self, properties: Properties, title: bytes) -> tuple[str, ...]:
        names = [self._word(properties, name) for name in (_LONG_NAME, _SHORT_NAME)]
        names.append(self._decode(title, None).strip("\x00 "))
        if not any(names):
            names.append(self._word(properties, _SHOWN_NAME))
        return tuple(dict.fromkeys(name for name in names if name))

    def _word(self, properties: Properties, name: int) -> str:
        value = _first(properties, name)
        text = value if isinstance(value, str) else self._decode(value, None)
        return text.strip("\x00 ")

    def _decode(self, value: object, codepage: object) -> str:
        if not isinstance(value, bytes):
            return ""
        charset = f"cp{codepage}" if isinstance(codepage, int) else self._codepage
        return decode(value.rstrip(b"\x00"), "utf-8" if charset == "cp65001" else charset)[0]


def _attributes(data: bytes) -> Iterator[tuple[int, bytes]]:
    position = len(SIGNATURE) + 2
    for _ in range(_MAX_ATTRIBUTES):
        if position == len(data):
            return
        head = data[position : position + _HEAD]
        number, length = _number(head[1:3]), _number(head[5:])
        position += _HEAD
        value = data[position : position + length]
        if len(head) < _HEAD or head[0] not in _LEVELS or len(value) < length:
            raise _DamagedError
        yield number, value
        position += length + _CHECKSUM
    raise _DamagedError


def _properties(data: bytes) -> Properties:
    """Return the values of a list of MAPI properties by their number."""
    found: Properties = {}
    count = _number(data[:4])
    position = 4
    for _ in range(min(count, _MAX_PROPERTIES)):
        kind, number = (
            _number(data[position : position + 2]),
            _number(data[position + 2 : position + 4]),
        )
        position += 4
        if number & _NAMED:
            position = _skip_name(data, position)
        values, position = _values(data, position, kind)
        found.setdefault(number, values)
    return found


def _skip_name(data: bytes, position: int) -> int:
    """Return where the value of a named property begins: its name is a number or a text."""
    by_text = _number(data[position + 16 : position + 20])
    size = _number(data[position + 20 : position + 24])
    return position + 24 + (_padded(size) if by_text else 0)


def _values(data: bytes, position: int, kind: int) -> tuple[list[object], int]:
    plain = kind & ~_MANY
    sized = plain in (_STRING8, _UNICODE, _OBJECT, _BINARY)
    count = 1
    if sized or kind & _MANY:
        count = _number(data[position : position + 4])
        position += 4
    if count > _MAX_VALUES or (not sized and plain not in _SIZES):
        raise _DamagedError
    values: list[object] = []
    for _ in range(count):
        size = _SIZES.get(plain, 0)
        if sized:
            size = _number(data[position : position + 4])
            position += 4
        raw = data[position : position + size]
        if len(raw) < size or position > len(data):
            raise _DamagedError
        values.append(_value(plain, raw))
        position += _padded(size)
    return values, position


def _value(kind: int, raw: bytes) -> object:
    if kind == _UNICODE:
        return raw.decode("utf-16-le", "replace").rstrip("\x00")
    return _number(raw) if kind == _LONG else raw


def _padded(size: int) -> int:
    return (size + 3) & ~3


def _number(raw: bytes) -> int:
    return int.from_bytes(raw, "little")


def _first(properties: Properties, number: int) -> object:
    return next(iter(properties.get(number, ())), None)
