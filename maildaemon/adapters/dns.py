"""Asks the name servers of this machine what the system's own look-up of addresses cannot tell: by
which servers a domain's mail is offered (SRV) and where it arrives (MX).

An answer is nobody's proof: whoever uses it has a person confirm it, and a certificate verified.
"""

import secrets
import socket
import struct
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from enum import IntEnum
from pathlib import Path

_PORT = 53
_IN = 1
_LONGEST_LABEL, _LONGEST_NAME = 63, 253
_LARGEST = 4096
_MOST_JUMPS = 20
# RFC 1035 §4.1.1: an answer; cut off; the code at the end of the flags, 0 for no error.
_ANSWER, _CUT, _CODE = 0x8000, 0x0200, 0x000F
_ASK = 0x0100  # recursion desired
_HEADER = struct.Struct("!6H")
_QUESTION = struct.Struct("!2H")
_RECORD = struct.Struct("!2HIH")
_SRV = struct.Struct("!3H")
_RESOLVERS = Path("/etc/resolv.conf")
_MOST_RESOLVERS = 3


class Kind(IntEnum):
    """What is asked for."""

    MX = 15
    SRV = 33


@dataclass(frozen=True, slots=True)
class Target:
    """A server that a domain names. `port` is 0 where the kind of record has none (MX)."""

    preference: int
    host: str
    port: int = 0


def name_servers(path: Path = _RESOLVERS) -> tuple[tuple[str, int], ...]:
    """Return whom this machine asks; empty if that cannot be read."""
    try:
        lines = path.read_text("ascii", "replace").splitlines()
    except OSError:
        return ()
    words = (line.split() for line in lines)
    named = [word[1] for word in words if len(word) > 1 and word[0] == "nameserver"]
    return tuple((host, _PORT) for host in named[:_MOST_RESOLVERS])


def look_up(
    name: str, kind: Kind, servers: Sequence[tuple[str, int]], seconds: float = 2
) -> tuple[Target, ...]:
    """Return what a name has of this kind, the preferred first; empty if it has nothing, says that
    it offers nothing (RFC 6186 §3.4), or nobody answers. Each server has so many seconds.
    """
    query = _query(name, kind)
    for server in servers if query else ():
        with suppress(OSError, ValueError, struct.error, IndexError):
            return _read(_asked(query, server, seconds), query, kind)
    return ()


def _query(name: str, kind: Kind) -> bytes:
    """Return the question, empty for what is no name."""
    try:
        labels = [label.encode("idna") for label in name.rstrip(".").split(".")]
    except UnicodeError:
        return b""
    if not all(0 < len(label) <= _LONGEST_LABEL for label in labels) or len(name) > _LONGEST_NAME:
        return b""
    coded = b"".join(bytes([len(label)]) + label for label in labels) + b"\0"
    head = _HEADER.pack(secrets.randbits(16), _ASK, 1, 0, 0, 0)
    return head + coded + _QUESTION.pack(kind, _IN)


def _asked(query: bytes, server: tuple[str, int], seconds: float) -> bytes:
    family = socket.AF_INET6 if ":" in server[0] else socket.AF_INET
    with socket.socket(family, socket.SOCK_DGRAM) as line:
        line.settimeout(seconds)
        line.connect(server)  # so that nobody else's word is taken in
        line.send(query)
        answer = line.recv(_LARGEST)
    if _HEADER.unpack_from(answer)[1] & _CUT == 0:
        return answer
    # RFC 1035 §4.2.2: what does not fit is asked for again, with its length before it.
    with socket.create_connection(server, seconds) as line, line.makefile("rb") as answers:
        line.sendall(struct.pack("!H", len(query)) + query)
        (length,) = struct.unpack("!H", answers.read(2))
        return answers.read(length)


def _read(answer: bytes, query: bytes, kind: Kind) -> tuple[Target, ...]:
    """Return what an answer to our question names. Raises ValueError, struct.error or IndexError
    for what is none.
    """
    number, flags, questions, records, *_ = _HEADER.unpack_from(answer)
    at = len(query)
    # Names are compared without regard to case, and servers may give back another one.
    same = answer[_HEADER.size : at].lower() == query[_HEADER.size :].lower()
    if number != _HEADER.unpack_from(query)[0] or not flags & _ANSWER or questions != 1 or not same:
        raise ValueError("not the answer to our question")
    found = []
    for _ in range(records if flags & _CODE == 0 else 0):
        _, at = _name(answer, at)
        its_kind, _, _, length = _RECORD.unpack_from(answer, at)
        at += _RECORD.size
        # An alias (CNAME) may stand before what it leads to.
        if its_kind == kind:
            found.append(_target(answer, at, kind))
        at += length
    return tuple(sorted((one for one in found if one.host), key=lambda one: one.preference))


def _target(answer: bytes, at: int, kind: Kind) -> Target:
    if kind is Kind.MX:
        (preference,) = struct.unpack_from("!H", answer, at)
        return Target(preference, _name(answer, at + 2)[0])
    # RFC 2782: priority, weight, port. Of equals the weight tells; the first one will do.
    preference, _, port = _SRV.unpack_from(answer, at)
    return Target(preference, _name(answer, at + _SRV.size)[0], port)


def _name(answer: bytes, at: int) -> tuple[str, int]:
    """Return the name that stands there, in lower case, and where it ends; the root is empty."""
    labels: list[str] = []
    end, jumps = 0, 0
    while length := answer[at]:
        # RFC 1035 §4.1.4: the rest of the name stands elsewhere.
        if length >= 0xC0:  # noqa: PLR2004
            jumps += 1
            if jumps > _MOST_JUMPS:
                raise ValueError("a name without an end")
            end = end or at + 2
            at = (length & 0x3F) << 8 | answer[at + 1]
            continue
        label = answer[at + 1 : at + 1 + length]
        labels.append(label.decode("ascii").lower())
        at += 1 + length
    return ".".join(labels), end or at + 1
