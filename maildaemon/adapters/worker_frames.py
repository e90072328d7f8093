"""What the parser and its child process say to each other; it needs no library on either side."""

import dataclasses
import json
import struct

from maildaemon.domain.reading import Checksum, NumberPattern, Part, Reading, Search

READY = b"ready\n"

# The lengths of what follows. A request: how to read it as JSON, the raw message. An answer: the
# message as JSON, without card numbers, and a JSON list of (sha256, length) of the contents that
# come after it. Then, once the patterns have been looked for, what was found, as JSON, and the
# message once more, if that is not the same for it; else nothing.
REQUEST = struct.Struct(">IQ")
ANSWER = struct.Struct(">QQ")
FOUND = struct.Struct(">QQ")


def encode_reading(reading: Reading) -> bytes:
    """Return it as JSON."""
    return json.dumps(dataclasses.asdict(reading), ensure_ascii=False).encode("utf-8", "replace")


def decode_reading(raw: bytes) -> Reading:
    """Return what `encode_reading` was given."""
    plain = json.loads(raw)
    return Reading(
        languages=tuple(plain["languages"]),
        searches=tuple(
            Search(one["words"], tuple(map(Part, one["parts"]))) for one in plain["searches"]
        ),
        senders=tuple(plain["senders"]),
        numbers=tuple(
            NumberPattern(
                one["name"], one["pattern"], Checksum(one["checksum"]) if one["checksum"] else None
            )
            for one in plain["numbers"]
        ),
    )
