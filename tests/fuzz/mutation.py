"""Damages mails the way networks, programs and attackers do. The same seed gives the same damage.

Every mutator takes (random, mail, another mail) and returns a mail. Some know nothing of the
format, most know where it hurts: boundaries, charsets, encodings, names, nesting, lengths.
"""

import base64
import binascii
import re
from collections.abc import Callable
from random import Random

from tests.fuzz.words import CHARSETS, ENCODINGS, INTERESTING, TOKENS, TYPES

Mutator = Callable[[Random, bytes, bytes], bytes]
LONGEST = 1_000_000
_BOUNDARY = re.compile(rb'boundary="?([^";\s]{1,70})', re.IGNORECASE)
_CHARSET = re.compile(rb'charset\*?="?([^";\s?]{1,40})', re.IGNORECASE)
_ENCODING = re.compile(rb"content-transfer-encoding:[ \t]*([^\r\n;]{1,40})", re.IGNORECASE)
_TYPE = re.compile(rb"content-type:[ \t]*([^\r\n;]{1,60})", re.IGNORECASE)
_WORD = re.compile(rb"=\?[^?\s]{1,40}\?[bBqQ]\?")
_BASE64 = re.compile(rb"(?m)^(?:[A-Za-z0-9+/]{40,100}+\r?\n){2,}+[A-Za-z0-9+/]*+={0,2}")


def mutate(random: Random, mail: bytes, other: bytes) -> bytes:
    """Return the mail with one to eight damages, mostly few."""
    for _ in range(min(8, 1 + int(random.expovariate(0.7)))):
        mail = random.choice(_ALL)(random, mail, other)[:LONGEST]
    return mail


def mutate_content(random: Random, content: bytes, other: bytes) -> bytes:
    """Return the content of a file with one to eight damages that know nothing of mail."""
    for _ in range(min(8, 1 + int(random.expovariate(0.7)))):
        content = random.choice(_BLIND)(random, content, other)[:LONGEST]
    return content


def _place(random: Random, mail: bytes) -> tuple[int, int]:
    """Return a stretch; the short and the early ones are the likeliest."""
    if not mail:
        return 0, 0
    limit = len(mail) if random.random() < 0.5 else min(len(mail), 2000)
    start = random.randrange(limit)
    return start, min(len(mail), start + int(random.expovariate(0.02)) + 1)


def _flip(random: Random, mail: bytes, _: bytes) -> bytes:
    changed = bytearray(mail)
    for _each in range(random.randint(1, 8)):
        if changed:
            changed[random.randrange(len(changed))] ^= 1 << random.randrange(8)
    return bytes(changed)


def _overwrite(random: Random, mail: bytes, _: bytes) -> bytes:
    start, _end = _place(random, mail)
    value = random.choice(INTERESTING)
    return mail[:start] + value + mail[start + len(value) :]


def _delete(random: Random, mail: bytes, _: bytes) -> bytes:
    start, end = _place(random, mail)
    return mail[:start] + mail[end:]


def _double(random: Random, mail: bytes, _: bytes) -> bytes:
    start, end = _place(random, mail)
    return mail[:end] + mail[start:end] + mail[end:]


def _bomb(random: Random, mail: bytes, _: bytes) -> bytes:
    start, end = _place(random, mail)
    piece = mail[start:end]
    times = min(random.choice((10, 100, 1000, 10_000)), 300_000 // max(1, len(piece)))
    return mail[:end] + piece * times + mail[end:]


def _truncate(random: Random, mail: bytes, _: bytes) -> bytes:
    return mail[: random.randrange(len(mail) + 1)]


def _insert(random: Random, mail: bytes, _: bytes) -> bytes:
    start, _end = _place(random, mail)
    return mail[:start] + random.choice(TOKENS) + mail[start:]


def _splice(random: Random, mail: bytes, other: bytes) -> bytes:
    start, end = _place(random, mail)
    begin = random.randrange(len(other) + 1)
    return mail[:start] + other[begin : begin + random.choice((20, 200, 2000, 20_000))] + mail[end:]


def _line_ends(random: Random, mail: bytes, _: bytes) -> bytes:
    unix = mail.replace(b"\r\n", b"\n")
    ends = random.choice(
        ((b"\r\n",), (b"\n",), (b"\r",), (b"\n", b"\r\n"), (b"\n", b"\r", b"\r\n"))
    )
    if len(ends) == 1:
        return unix.replace(b"\n", ends[0])
    return b"".join(line + random.choice(ends) for line in unix.split(b"\n"))


def _header(mail: bytes) -> tuple[list[bytes], bytes]:
    """Return the lines of the header, and the rest with the empty line."""
    unix = mail.replace(b"\r\n", b"\n")
    header, blank, body = unix.partition(b"\n\n")
    return re.split(rb"\n(?![ \t])", header), blank + body


def _shuffle(random: Random, mail: bytes, _: bytes) -> bytes:
    fields, rest = _header(mail)
    random.shuffle(fields)
    return b"\n".join(fields) + rest


def _repeat_field(random: Random, mail: bytes, other: bytes) -> bytes:
    fields, rest = _header(mail)
    donors, _rest = _header(other)
    fields.insert(random.randrange(len(fields) + 1), random.choice(random.choice((fields, donors))))
    return b"\n".join(fields) + rest


def _drop_field(random: Random, mail: bytes, _: bytes) -> bytes:
    fields, rest = _header(mail)
    del fields[random.randrange(len(fields))]
    return b"\n".join(fields) + rest


def _value(random: Random, mail: bytes, _: bytes) -> bytes:
    """Put something hostile into the value of a field."""
    fields, rest = _header(mail)
    at = random.randrange(len(fields))
    name, colon, value = fields[at].partition(b":")
    token = random.choice(TOKENS) * random.choice((1, 1, 1, 30, 1000))
    fields[at] = name + colon + random.choice((token, value + token, b" " + token + value))
    return b"\n".join(fields) + rest


def _fold(random: Random, mail: bytes, _: bytes) -> bytes:
    fields, rest = _header(mail)
    at = random.randrange(len(fields))
    field = fields[at]
    cut = random.randrange(len(field) + 1)
    fields[at] = (
        field[:cut] + random.choice((b"\n ", b"\n\t", b"\n \n ", b"\r", b"\n")) + field[cut:]
    )
    return b"\n".join(fields) + rest


def _other_header(random: Random, mail: bytes, other: bytes) -> bytes:
    return b"\n".join(_header(other)[0]) + _header(mail)[1]


def _wrap(random: Random, mail: bytes, other: bytes) -> bytes:
    """Put the mail into another one, forwarded, reported or just nested."""
    header = b"\n".join(one for one in _header(other)[0] if not one.lower().startswith(b"content"))
    levels = random.choice((1, 1, 2, 5, 30))
    kind = random.choice((b"mixed", b"report", b"alternative", b"digest", b"signed", b"related"))
    inner = random.choice(
        (b"message/rfc822", b"text/rfc822-headers", b"message/global", b"text/plain")
    )
    for level in range(levels):
        mail = (
            b'Content-Type: multipart/%s; boundary="w%d"\n\n--w%d\nContent-Type: %s\n\n'
            b"%s\n--w%d--\n" % (kind, level, level, inner, mail[: LONGEST // 2], level)
        )
    return header + b"\n" + mail


def _at(pattern: re.Pattern[bytes], words: tuple[bytes, ...]) -> Mutator:
    """Return a mutator that puts another word where the pattern says such a word stands."""

    def change(random: Random, mail: bytes, _: bytes) -> bytes:
        found = [*pattern.finditer(mail[:200_000])]
        if not found:
            return mail
        start, end = random.choice(found).span(1)
        return mail[:start] + random.choice(words) + mail[end:]

    return change


def _boundary(random: Random, mail: bytes, _: bytes) -> bytes:
    """Move, end, double, lengthen or forget a boundary line."""
    names = [one.group(1) for one in _BOUNDARY.finditer(mail[:200_000])]
    if not names:
        return mail
    line = b"--" + random.choice(names)
    places = [one.start() for one in re.finditer(re.escape(line), mail)]
    if not places:
        return mail
    at = random.choice(places)
    new = random.choice(
        (b"", line + b"--", line + b" ", line[:-1], line + b"x", b" " + line, line + b"\n" + line,
         line.upper(), line + b"\n\n", b"-" + line, line + b"--\n" + line)
    )  # fmt: skip
    return mail[:at] + new + mail[at + len(line) :]


def _encoded_word(random: Random, mail: bytes, _: bytes) -> bytes:
    found = [*_WORD.finditer(mail[:200_000])]
    word = b"=?%s?%s?" % (random.choice(CHARSETS), random.choice((b"b", b"q", b"B", b"x")))
    if not found:
        return mail.replace(b"Subject: ", b"Subject: " + word + b"=41=0D=0A?= ", 1)
    start, end = random.choice(found).span()
    return mail[:start] + word + mail[end:]


def _payload(random: Random, mail: bytes, other: bytes) -> bytes:
    """Damage what a base64 part carries, and not its encoding."""
    found = [*_BASE64.finditer(mail)]
    if not found:
        return mail
    start, end = random.choice(found).span()
    try:
        content = base64.b64decode(mail[start:end])
    except binascii.Error:
        return mail
    content = random.choice(_BLIND)(random, content, other)
    return mail[:start] + base64.encodebytes(content) + mail[end:]


_BLIND: tuple[Mutator, ...] = (
    *(_flip, _overwrite, _delete, _double, _bomb, _truncate, _insert, _splice),
)
_ALL: tuple[Mutator, ...] = (
    *_BLIND,
    *(
        _line_ends,
        _shuffle,
        _repeat_field,
        _drop_field,
        _value,
        _value,
        _fold,
        _other_header,
        _wrap,
    ),
    *(_at(_CHARSET, CHARSETS), _at(_ENCODING, ENCODINGS), _at(_TYPE, TYPES)),
    *(_at(_BOUNDARY, TOKENS), _boundary, _boundary, _encoded_word, _payload, _payload),
)
