"""Structured MIME field values: `value; name=parameter; …` (RFC 2045 §5.1, RFC 2231).

Every spelling of a parameter is kept, because a file that calls itself `a.png` in one and
`a.exe` in another is read either way by somebody's mail client.
"""

import re
from dataclasses import dataclass, replace
from functools import lru_cache
from urllib.parse import unquote_to_bytes

from maildaemon.mail.charsets import decode
from maildaemon.mail.headers import clean_as_written, decode_words

MAX_PARAMETERS = 64

_SPECIALS = {";", "(", "="}
_COMMENT = re.compile(r"(?:^|[ \t])\([^()]*\)")
_TIGHT_COMMENT = re.compile(r"\([^()]*\)")
# The semicolon after the value is missing, or the value is.
_RUN_ON = re.compile(r"(?:([^\s,=\"]*)[\s,]+)?([\w*-]{1,60}[ \t]*=.*)", re.DOTALL)
_MEDIA_TYPE = re.compile(r"[a-z0-9!#$&^_.+-]{1,127}/[a-z0-9!#$&^_.+-]{1,127}")
_QUOTE_OR_SEMICOLON = re.compile('[";]')
_NAME = re.compile(r"([^*]+)(?:\*(\d{1,3}))?(\*)?")


@dataclass(frozen=True, slots=True)
class Structured:
    """A value in lower case and its parameters, every spelling of each; `ambiguous` if two
    readers may understand it differently. `media_type` is the value if it is one, else None.
    """

    value: str
    parameters: tuple[tuple[str, str], ...]
    ambiguous: bool
    media_type: str | None

    def first(self, name: str) -> str | None:
        """Return the first value of a parameter; None if it is absent."""
        return next(iter(self.all(name)), None)

    def all(self, name: str) -> tuple[str, ...]:
        """Return every value of a parameter, each once; extended ones (RFC 2231) first."""
        return tuple(dict.fromkeys(value for key, value in self.parameters if key == name))


@dataclass(frozen=True, slots=True)
class _Piece:
    """One parameter as it stands in the field; `index` is its place in a continuation."""

    name: str
    index: int | None
    extended: bool
    value: str


@lru_cache(maxsize=128)  # the same few stand in every mail
def parse_structured(text: str) -> Structured:
    """Return a field value taken apart; total, linear."""
    if not _SPECIALS & {*text}:
        return _structured(text.strip().strip('"').lower(), (), ambiguous=False)
    segments, torn = _split(text)
    value, run_on, doubtful = _take_value(segments[0])
    segments[:1] = run_on
    pieces: list[_Piece] = []
    ambiguous = torn or doubtful or len(segments) > MAX_PARAMETERS
    for segment in segments[:MAX_PARAMETERS]:
        name, equals, rest = segment.partition("=")
        if not equals:
            # Some readers end an unquoted value at the semicolon, others do not.
            if pieces and segment.strip():
                pieces.append(replace(pieces[-1], value=f"{pieces[-1].value};{segment.strip()}"))
                ambiguous = True
            continue
        unquoted, twofold = _unquote(rest.strip())
        pieces.extend(_piece(name, spelling) for spelling in unquoted)
        ambiguous = ambiguous or twofold
    parameters, twofold = _assemble(pieces)
    return _structured(value, parameters, ambiguous=ambiguous or twofold)


def _structured(
    value: str, parameters: tuple[tuple[str, str], ...], *, ambiguous: bool
) -> Structured:
    """RFC 2045 §5.1: what a media type looks like."""
    word = value.partition(" ")[0]
    return Structured(value, parameters, ambiguous, word if _MEDIA_TYPE.fullmatch(word) else None)


def _take_value(segment: str) -> tuple[str, list[str], bool]:
    """Return the value, a parameter that stands with it, and whether that can be read otherwise."""
    bare = _TIGHT_COMMENT.sub("", _COMMENT.sub("", segment)).strip()
    tight = "(" in segment and bare != _COMMENT.sub("", segment).strip()
    run_on = _RUN_ON.fullmatch(bare) if "=" in bare else None
    if run_on is None:
        return bare.strip('"').lower(), [], tight
    return (run_on[1] or "").lower(), [run_on[2]], True


def _split(text: str) -> tuple[list[str], bool]:
    """Split at semicolons outside quotes; True if a quote is never closed."""
    if '"' not in text:
        return text.split(";"), False
    segments: list[str] = []
    quoted = False
    start = 0
    for match in _QUOTE_OR_SEMICOLON.finditer(text):
        position = match.start()
        if match[0] == '"' and not _is_escaped(text, position):
            quoted = not quoted
        elif match[0] == ";" and not quoted:
            segments.append(text[start:position])
            start = position + 1
    segments.append(text[start:])
    return segments, quoted


def _is_escaped(text: str, position: int) -> bool:
    before = text[max(0, position - 16) : position]
    return (len(before) - len(before.rstrip("\\"))) % 2 == 1


def _unquote(value: str) -> tuple[list[str], bool]:
    """Return the spellings of a parameter value: two if something follows the closing quote."""
    if not value.startswith('"'):
        return [value], False
    end = value.find('"', 1)
    while end >= 0 and _is_escaped(value, end):
        end = value.find('"', end + 1)
    end = end if end >= 0 else len(value)
    inside = value[1:end].replace('\\"', '"').replace("\\\\", "\\")
    rest = _COMMENT.sub("", value[end + 1 :]).strip()
    return ([inside, inside + rest.strip('"')], True) if rest else ([inside], False)


def _piece(name: str, value: str) -> _Piece:
    name = name.strip().lower()
    match = _NAME.fullmatch(name) if "*" in name else None
    if match is None:
        return _Piece(name, None, False, value)
    index = int(match[2]) if match[2] else None
    return _Piece(match[1], index, bool(match[3]), value)


def _assemble(pieces: list[_Piece]) -> tuple[tuple[tuple[str, str], ...], bool]:
    """Join continuations, decode, and put the extended spelling of each name first."""
    names = {piece.name for piece in pieces}
    if len(names) == len(pieces) and not any(piece.extended or piece.index for piece in pieces):
        return tuple(
            (piece.name, clean_as_written(decode_words(piece.value))) for piece in pieces
        ), False
    ambiguous = False
    found: list[tuple[str, str]] = []
    for name in dict.fromkeys(piece.name for piece in pieces):
        plain = [p for p in pieces if p.name == name and p.index is None and not p.extended]
        single = [p for p in pieces if p.name == name and p.index is None and p.extended]
        continued = [p for p in pieces if p.name == name and p.index is not None]
        continued.sort(key=lambda piece: piece.index or 0)
        values = [_decode_extended([piece]) for piece in single]
        if continued:
            values.append(_decode_extended(continued))
            indexes = [piece.index for piece in continued]
            ambiguous = ambiguous or indexes != list(range(len(indexes)))
        values.extend(clean_as_written(decode_words(piece.value)) for piece in plain)
        ambiguous = ambiguous or len({p.value for p in plain}) > 1 or len(single) > 1
        # Of names each is looked at; of boundaries only one can be followed.
        ambiguous = ambiguous or (name == "boundary" and len({*values}) > 1)
        found.extend((name, value) for value in values)
    return tuple(found), ambiguous


def _decode_extended(pieces: list[_Piece]) -> str:
    """RFC 2231 §4: charset'language'percent-encoded, perhaps in several pieces."""
    charset: str | None = None
    raw = b""
    for at, piece in enumerate(pieces):
        value = piece.value
        if at == 0 and piece.extended and value.count("'") > 1:
            charset, _, value = value.split("'", 2)
        encoded = value.encode("utf-8", "replace")
        raw += unquote_to_bytes(encoded) if piece.extended else encoded
    if not any(piece.extended for piece in pieces):
        return clean_as_written(decode_words(raw.decode("utf-8", "replace")))
    return clean_as_written(decode_words(decode(raw, charset or "utf-8")[0]))
