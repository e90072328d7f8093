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
import sys
from datetime import datetime
from typing import BinaryIO

from maildaemon.adapters.worker_frames import ANSWER, READY, REQUEST
from maildaemon.domain.message import Parsed
from maildaemon.mail.language import warm_up
from maildaemon.mail.parse import parse_message


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
        raw, languages = request
        _allow(seconds)
        _answer(answers, parse_message(raw, languages))
        del raw, request


def _read_request(stream: BinaryIO) -> tuple[bytes, tuple[str, ...]] | None:
    head = stream.read(REQUEST.size)
    if len(head) < REQUEST.size:
        return None
    languages_size, raw_size = REQUEST.unpack(head)
    languages = tuple(json.loads(stream.read(languages_size)))
    return stream.read(raw_size), languages


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
