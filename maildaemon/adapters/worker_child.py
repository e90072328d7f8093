"""The process in which mail is parsed: frames in, frames out, and limits around each message.

Started by `worker`; by hand, `python -m maildaemon.adapters.worker_child` tells why it will not
start. It ends when its standard input does, so it cannot outlive its parent. Whatever a library
prints goes to standard error, never between the frames.
"""

import dataclasses
import gc
import json
import os
import resource
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime
from functools import lru_cache
from typing import BinaryIO

from maildaemon.adapters.worker_frames import ANSWER, FOUND, READY, REQUEST, decode_reading
from maildaemon.domain.cards import without_cards_of
from maildaemon.domain.message import Parsed
from maildaemon.domain.reading import Findings, Reading
from maildaemon.mail.language import warm_up
from maildaemon.mail.parse import parse_mail
from maildaemon.mail.search import Prepared, find, prepare

# For all patterns of an operator together. The kernel ends a process that needs longer: nothing
# within Python can, while an expression is being tried.
_PATTERN_SECONDS = 1.0
_READINGS_KEPT = 64


def main() -> None:
    """Answer requests until standard input ends. Arguments: memory in bytes, CPU seconds."""
    memory, seconds = (int(argument) for argument in sys.argv[1:3])
    answers = os.fdopen(os.dup(1), "wb", buffering=0)
    os.dup2(2, 1)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
    warm_up()
    # What is here now stays for good: the collector need not look at it again.
    gc.freeze()
    _write(answers, READY)
    while request := _read_request(sys.stdin.buffer):
        raw, (reading, prepared) = request
        _allow(seconds)
        parsed = parse_mail(raw, reading.languages)
        masked = without_cards_of(parsed)
        _answer(answers, masked)
        if not parsed.message.degraded:
            with _briefly():
                found = find(parsed.message, prepared)
            _tell(answers, parsed, masked, found)
            del found
        del raw, request, parsed, masked


def _read_request(stream: BinaryIO) -> tuple[bytes, tuple[Reading, Prepared]] | None:
    head = stream.read(REQUEST.size)
    if len(head) < REQUEST.size:
        return None
    reading_size, raw_size = REQUEST.unpack(head)
    reading = _prepared(stream.read(reading_size))
    return stream.read(raw_size), reading


@lru_cache(maxsize=_READINGS_KEPT)
def _prepared(raw: bytes) -> tuple[Reading, Prepared]:
    """Return how to read; the same for every message until the configuration changes."""
    reading = decode_reading(raw)
    return reading, prepare(reading)


@contextmanager
def _briefly() -> Iterator[None]:
    signal.setitimer(signal.ITIMER_PROF, _PATTERN_SECONDS)
    yield
    signal.setitimer(signal.ITIMER_PROF, 0)


def _allow(seconds: int) -> None:
    """Let one message use this much CPU time; the kernel kills what uses more."""
    usage = resource.getrusage(resource.RUSAGE_SELF)
    soft = int(usage.ru_utime + usage.ru_stime) + 1 + seconds
    _, hard = resource.getrlimit(resource.RLIMIT_CPU)
    resource.setrlimit(resource.RLIMIT_CPU, (soft, hard))


def _answer(stream: BinaryIO, parsed: Parsed) -> None:
    message = _encode(parsed.message)
    sizes = _encode([(sha256, len(content)) for sha256, content in parsed.contents.items()])
    _write(stream, ANSWER.pack(len(message), len(sizes)) + message + sizes)
    for content in parsed.contents.values():
        _write(stream, content)


def _tell(stream: BinaryIO, parsed: Parsed, masked: Parsed, found: Findings) -> None:
    """Say what was found, and the message once more if it holds numbers of the shop's that have
    been masked for a card's.
    """
    again = b""
    if found.no_cards and masked is not parsed:
        seen = replace(parsed, message=replace(parsed.message, found=found))
        again = _encode(replace(without_cards_of(seen).message, found=None))
    said = _encode(found)
    _write(stream, FOUND.pack(len(said), len(again)) + said + again)


def _encode(value: object) -> bytes:
    return json.dumps(value, default=_plain, ensure_ascii=False).encode("utf-8", "replace")


def _plain(value: object) -> object:
    if dataclasses.is_dataclass(value):
        return {field.name: getattr(value, field.name) for field in dataclasses.fields(value)}
    if isinstance(value, datetime):
        return value.isoformat()
    raise TypeError(f"{type(value).__name__} has no place in an answer")


def _write(stream: BinaryIO, content: bytes) -> None:
    rest = memoryview(content)
    while rest:
        rest = rest[stream.write(rest) :]


if __name__ == "__main__":
    main()
