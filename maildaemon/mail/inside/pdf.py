"""PDF: programs in it, programs it starts, and files embedded in it."""

import base64
import binascii
import re
from collections.abc import Iterator

from maildaemon.domain.message import Finding
from maildaemon.mail.inside.look import Look
from maildaemon.mail.inside.unpack import unpack

_STREAMS = 20_000
_DICTIONARY = 4096
_MOST = 8 * 1024 * 1024
_ESCAPED = re.compile(rb"/[^\s()<>\[\]{}/%]{0,60}#[0-9A-Fa-f]{2}[^\s()<>\[\]{}/%]{0,60}")
_CODE = re.compile(rb"#([0-9A-Fa-f]{2})")
# Whole names: nothing that a name may consist of follows.
_ACTIVE = re.compile(rb"/(?:JavaScript|Launch|RichMedia|Rendition[\s/]{1,20}JS)(?![\w#.-])")
_FILESPEC = re.compile(rb"/(?:UF|F|DOS|Unix|Mac)\s{0,20}([(<])")
_EMBEDDED = re.compile(rb"/EmbeddedFile(?![\w#])")
_OBJECTS = re.compile(rb"/ObjStm(?![\w#])")
_FILTER = re.compile(rb"/(FlateDecode|Fl|ASCIIHexDecode|AHx|ASCII85Decode|A85)(?![\w#])")
# No program packs objects like this; whoever does so hides something from those who search.
_UNUSUAL = re.compile(
    rb"/(?:LZWDecode|LZW|RunLengthDecode|RL|CCITTFaxDecode|CCF|DCTDecode|DCT|JBIG2Decode|JPXDecode"
    rb"|Crypt)(?![\w#])|/Predictor(?!\s{1,20}1\s{0,20}[/>])"
)
_STRING_ESCAPE = re.compile(rb"\\([0-7]{1,3}|[\s\S])")
_LONGEST_NAME = 1024


def look_into_pdf(look: Look, content: bytes) -> None:
    """Look at the names in a PDF file, at those in its packed objects, and at embedded files."""
    _look_at_names(look, content)
    encrypted = b"/Encrypt" in content
    for dictionary, data in _streams(content):
        if not look.budget.left:
            look.find(Finding.UNFINISHED)
            return
        if _OBJECTS.search(dictionary):
            unusual = _UNUSUAL.search(dictionary)
            objects = None if unusual else _decode(look, dictionary, data)
            if objects is None and not encrypted:
                # Object streams that nobody can read hide something, or are damaged.
                look.find(Finding.UNREADABLE)
            _look_at_names(look, objects or b"")
        elif _EMBEDDED.search(dictionary):
            look.file((), _decode(look, dictionary, data) or data)


def _look_at_names(look: Look, text: bytes) -> None:
    plain = _plain(text)
    if _ACTIVE.search(plain):
        look.find(Finding.ACTIVE_CONTENT)
    if b"/EF" in plain or b"/Filespec" in plain:
        look.name(_file_names(plain))


def _plain(text: bytes) -> bytes:
    """Return it with the names as they are meant: any letter may be written as its number."""
    if b"#" not in text:
        return text
    return _ESCAPED.sub(
        lambda name: _CODE.sub(lambda code: bytes([int(code[1], 16)]), name[0]), text
    )


def _streams(content: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Yield what is told of each stream, and what it holds as it stands there."""
    at = 0
    for _ in range(_STREAMS):
        at = content.find(b"stream", at)
        if at < 0:
            return
        begins_at = at + 6
        if content[at - 3 : at] == b"end" or content[begins_at : begins_at + 1] not in b"\r\n":
            at = begins_at
            continue
        begins_at += 2 if content[begins_at : begins_at + 2] == b"\r\n" else 1
        # Its own dictionary is what stands behind the last `obj`.
        before = _plain(content[max(0, at - _DICTIONARY) : at])
        dictionary = before[max(0, before.rfind(b" obj")) :]
        if not (_OBJECTS.search(dictionary) or _EMBEDDED.search(dictionary)):
            at = begins_at
            continue
        end = content.find(b"endstream", begins_at)
        end = end if end >= 0 else len(content)
        yield dictionary, content[begins_at:end]
        at = end


def _decode(look: Look, dictionary: bytes, data: bytes) -> bytes | None:
    """Return what a stream holds, at most 8 MB; None if it is packed in a way unknown here."""
    filters = _FILTER.findall(dictionary)
    if b"/Filter" in dictionary and not filters:
        return None
    for name in filters:
        match name:
            case b"FlateDecode" | b"Fl":
                got = unpack(data, "zlib", look.budget, most=_MOST, keep=_MOST)
                if not got.finished and got.size > _MOST:
                    look.find(Finding.UNFINISHED)
                data = got.content
            case b"ASCIIHexDecode" | b"AHx":
                digits = re.sub(rb"[^0-9A-Fa-f]", b"", data.partition(b">")[0])
                data = bytes.fromhex(digits[: len(digits) // 2 * 2].decode("ascii"))
            case _:
                data = _decode85(data)
    return data or None


def _decode85(data: bytes) -> bytes:
    try:
        return base64.a85decode(data.partition(b"~>")[0].removeprefix(b"<~"))
    except (ValueError, binascii.Error):
        return b""


def _file_names(text: bytes) -> Iterator[str]:
    for found in _FILESPEC.finditer(text):
        rest = text[found.end() : found.end() + _LONGEST_NAME]
        if found[1] == b"<":
            digits = re.sub(rb"\s", b"", rest.partition(b">")[0])
            if re.fullmatch(rb"(?:[0-9A-Fa-f]{2})+", digits):
                yield _decode_name(bytes.fromhex(digits.decode("ascii")))
        else:
            yield _decode_name(_STRING_ESCAPE.sub(_unescape, _until_closed(rest)))


def _until_closed(text: bytes) -> bytes:
    depth = 1
    at = 0
    while at < len(text):
        char = text[at : at + 1]
        if char == b"\\":
            at += 1
        elif char == b"(":
            depth += 1
        elif char == b")":
            depth -= 1
            if not depth:
                break
        at += 1
    return text[:at]


def _unescape(escape: re.Match[bytes]) -> bytes:
    code = escape[1]
    if code.isdigit():
        return bytes([int(code, 8) & 0xFF])
    return {b"\n": b"", b"\r": b"", b"n": b"\n", b"r": b"\r", b"t": b"\t"}.get(code, code)


def _decode_name(name: bytes) -> str:
    if name.startswith((b"\xfe\xff", b"\xff\xfe")):
        return name.decode("utf-16", "replace")
    return name.decode("latin-1")
