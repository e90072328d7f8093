"""Parsing in a process of its own, bounded in memory, CPU and time.

A message that kills the process or overruns its time becomes a degraded record, made here by a
scan that needs no library; the mailbox goes on with a new process.
"""

import json
import os
import select
import signal
import subprocess
import sys
import threading
import time
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC
from pathlib import Path

from pydantic import TypeAdapter

import maildaemon
from maildaemon.adapters.worker_frames import ANSWER, FOUND, READY, REQUEST, encode_reading
from maildaemon.domain.cards import without_cards_of
from maildaemon.domain.message import Message, Parsed
from maildaemon.domain.reading import Findings, Reading
from maildaemon.errors import ParserUnavailableError
from maildaemon.mail.degraded import parse_degraded

MEMORY = 512 * 1024 * 1024
CPU_SECONDS = 20
WALL_SECONDS = 30.0
PATTERN_WALL_SECONDS = 10.0
START_SECONDS = 30.0
# A new process costs as much as two hundred mails, and what libraries leave behind is little.
RECYCLE_AFTER = 5000

_PATTERNS_TIMED_OUT = "patterns_timed_out"
# The same bytes may be kept as files in several readings: decoded and as they are, with the wrapper
# around them and without.
MOST_READINGS = 4

# It goes into the pipe as a whole, whether the child reads it or not.
_EXPECTED_AT_MOST = 48 * 1024
# For so long is waited for what was expected and is not wanted: mostly a few milliseconds.
_UNWANTED_SECONDS = 1.0

# Where the interpreter finds its libraries, and whether and where it may keep what it compiles.
_KEPT = ("LD_LIBRARY_PATH", "PYTHONPYCACHEPREFIX", "PYTHONDONTWRITEBYTECODE")
_CHUNK = 1024 * 1024
_MAX_ANSWER = 32 * 1024 * 1024
_CHILD = "maildaemon.adapters.worker_child"
_MESSAGE = TypeAdapter(Message)
_FINDINGS = TypeAdapter(Findings)
_Found = tuple[Findings, Message | None]


@dataclass(frozen=True, slots=True)
class ParseTimes:
    """How many messages were parsed since the start, and how many seconds it took, all together and
    the longest one.
    """

    count: int = 0
    seconds: float = 0.0
    longest: float = 0.0


class ProcessParser:
    """A `Parser` that any thread may use; one message is parsed at a time.

    The child is in a session of its own, so that Ctrl-C at a terminal reaches only the daemon,
    which decides what is still to be done. There is no death signal tied to the parent: that
    would follow the thread that started the child. The child ends with its standard input.
    """

    def __init__(
        self,
        *,
        memory: int = MEMORY,
        cpu_seconds: int = CPU_SECONDS,
        wall_seconds: float = WALL_SECONDS,
        recycle_after: int = RECYCLE_AFTER,
    ) -> None:
        """Keep the limits (memory in bytes); no process is started yet."""
        self._limits = (str(memory), str(cpu_seconds))
        self._wall_seconds = wall_seconds
        self._recycle_after = recycle_after
        self._lock = threading.Lock()
        self._child: _Child | None = None
        self._closed = False
        self.times = ParseTimes()
        self._encoded: tuple[Reading, bytes] = (Reading(), encode_reading(Reading()))

    def start(self) -> None:
        """Start the process without waiting for it, so that the first message need not."""
        with self._lock:
            if self._child is None and not self._closed:
                self._child = _Child(self._limits)

    def parse(self, raw: bytes, reading: Reading) -> Parsed:
        """Return the parsed message; a degraded one if the limits had to stop it, one without
        findings if only the operator's patterns took too long.

        A process that dies may have been killed from outside, so the message gets a second
        one. Raises ParserUnavailableError if no process can be had.
        """
        with self._lock:
            began = time.monotonic()
            try:
                return self._parse(raw, reading)
            finally:
                took, times = time.monotonic() - began, self.times
                self.times = ParseTimes(
                    times.count + 1, times.seconds + took, max(times.longest, took)
                )

    def expect(self, raw: bytes, reading: Reading) -> None:
        """See `Parser.expect`: the child begins, and nobody reads its answer before `parse`."""
        if not self._lock.acquire(blocking=False):
            return
        try:
            encoded = self._encode(reading)
            fits = len(raw) + len(encoded) <= _EXPECTED_AT_MOST
            if fits and self._child is not None and not self._closed:
                self._child.expect(raw, encoded)
        finally:
            self._lock.release()

    def _parse(self, raw: bytes, reading: Reading) -> Parsed:
        for last in (False, True):
            child = self._ready_child()
            if not child.is_free_for(raw, self._encode(reading)):
                self._end_child()
                child = self._ready_child()
            try:
                parsed = child.parse(raw, self._encode(reading), self._wall_seconds)
            except _OverrunError:
                self._end_child()
                return _degraded(raw, "parser_timeout")
            except OSError:
                if self._end_child() == -signal.SIGXCPU:
                    return _degraded(raw, "parser_timeout")
                continue
            except BaseException:
                self._end_child()  # what it still has to say belongs to no message
                raise
            if not parsed.message.degraded:
                found = self._found(child, last=last)
                if found is None:
                    continue
                parsed = replace(parsed, message=_with(found, parsed.message))
            self._recycle()
            return parsed
        return _degraded(raw, "parser_died")

    def _found(self, child: "_Child", *, last: bool) -> _Found | str | None:
        """Return what was found, the defect if that took too long, or None: try again."""
        try:
            return child.findings(PATTERN_WALL_SECONDS)
        except _OverrunError:
            self._end_child()
            return _PATTERNS_TIMED_OUT
        except OSError:
            status = self._end_child()
            return _PATTERNS_TIMED_OUT if last or status == -signal.SIGPROF else None
        except BaseException:
            self._end_child()
            raise

    def _encode(self, reading: Reading) -> bytes:
        if self._encoded[0] != reading:
            self._encoded = (reading, encode_reading(reading))
        return self._encoded[1]

    def _recycle(self) -> None:
        if self._child is not None and self._child.parsed >= self._recycle_after:
            self._end_child()
            with suppress(ParserUnavailableError):  # then the next message will tell
                self._child = _Child(self._limits)

    def close(self) -> None:
        """End the process; a `parse` under way in another thread ends with it, unavailable."""
        self._closed = True
        child = self._child
        if child is not None:
            child.kill()
        with self._lock:
            self._end_child()

    def _ready_child(self) -> "_Child":
        if self._closed:
            raise ParserUnavailableError("the parser has been closed")
        if self._child is None:
            self._child = _Child(self._limits)
        try:
            self._child.wait_until_ready(START_SECONDS)
        except OSError as error:
            status = self._end_child()
            raise ParserUnavailableError(
                f"the parse process ended with status {status} before it was ready;"
                f" `{sys.executable} -m {_CHILD} {' '.join(self._limits)}` tells why"
            ) from error
        return self._child

    def _end_child(self) -> int | None:
        """Kill and reap the process; return its exit status (negative: the signal)."""
        child, self._child = self._child, None
        return child.end() if child is not None else None


class _OverrunError(Exception):
    """The child did not answer in time."""


class _Child:
    """One process and its pipes."""

    def __init__(self, limits: tuple[str, ...]) -> None:
        self.parsed = 0
        self._ready = False
        # What it has been given already, and nobody has read its answer yet.
        self._expected: tuple[bytes, bytes] | None = None
        requests, self._stdin = os.pipe()
        self._stdout, answers = os.pipe()
        try:
            self._process = subprocess.Popen(  # noqa: S603  # our own interpreter and module
                [sys.executable, "-P", "-s", "-m", _CHILD, *limits],
                stdin=requests,
                stdout=answers,
                stderr=subprocess.DEVNULL,
                start_new_session=True,
                env=_environment(),
            )
        except OSError as error:
            self._close_pipes()
            raise ParserUnavailableError(f"the parse process cannot be started: {error}") from error
        finally:
            os.close(requests)
            os.close(answers)
        os.set_blocking(self._stdin, False)

    def wait_until_ready(self, seconds: float) -> None:
        """Return when the child can take a message; raises OSError if it ends instead."""
        if not self._ready:
            deadline = time.monotonic() + seconds
            try:
                ready = self._read(len(READY), deadline)
            except _OverrunError as error:
                raise TimeoutError("the child is not ready in time") from error
            if ready != READY:
                raise ConnectionError("the child does not speak as expected")
            self._ready = True

    def parse(self, raw: bytes, reading: bytes, seconds: float) -> Parsed:
        """Return the child's answer; raises OSError if it dies, _OverrunError if it is late.

        Unless the message is degraded, `findings` must be asked for next.
        """
        deadline = time.monotonic() + seconds
        if self._expected is None:
            self._ask(raw, reading, deadline)
        self._expected = None
        return self._answer(len(raw), deadline)

    def expect(self, raw: bytes, reading: bytes) -> None:
        """Begin with a message, if it has nothing to do; that it dies by it is seen later."""
        if not self._ready or self._expected is not None:
            return
        self._expected = (raw, reading)
        try:
            self._ask(raw, reading, time.monotonic())
        except (OSError, _OverrunError):
            self.kill()  # whatever has arrived of it

    def is_free_for(self, raw: bytes, reading: bytes) -> bool:
        """Tell whether a message can be given to it: what else was expected is read and dropped."""
        if self._expected is None or self._expected == (raw, reading):
            return True
        unwanted, self._expected = self._expected, None
        try:
            parsed = self._answer(len(unwanted[0]), time.monotonic() + _UNWANTED_SECONDS)
            if not parsed.message.degraded:
                self.findings(_UNWANTED_SECONDS)
        except (OSError, _OverrunError, ValueError, TypeError, RecursionError, MemoryError):
            return False  # what it still has to say belongs to no message
        return True

    def _ask(self, raw: bytes, reading: bytes, deadline: float) -> None:
        self.parsed += 1
        self._write(REQUEST.pack(len(reading), len(raw)) + reading, deadline)
        self._write(raw, deadline)

    def _answer(self, size: int, deadline: float) -> Parsed:
        message_size, list_size = ANSWER.unpack(self._read(ANSWER.size, deadline))
        if max(message_size, list_size) > _MAX_ANSWER:
            raise ConnectionError("the child says more than it can have to say")
        message = _decode(self._read(message_size, deadline))
        sizes = json.loads(self._read(list_size, deadline))
        if sum(length for _, length in sizes) > MOST_READINGS * size:
            raise ConnectionError("the child found more bytes than there were")
        contents = {sha256: bytes(self._read(length, deadline)) for sha256, length in sizes}
        return Parsed(message, contents)

    def findings(self, seconds: float) -> _Found:
        """Return what the child has found in the message that it has just parsed, and the message
        as it is to be written down for that; None if that is as it was.
        """
        deadline = time.monotonic() + seconds
        sizes = FOUND.unpack(self._read(FOUND.size, deadline))
        if max(sizes) > _MAX_ANSWER:
            raise ConnectionError("the child says more than it can have to say")
        found, again = (self._read(size, deadline) for size in sizes)
        return _FINDINGS.validate_json(bytes(found)), _decode(again) if again else None

    def kill(self) -> None:
        """Kill the child and whatever it may have started."""
        if self._process.returncode is None:
            with suppress(ProcessLookupError):
                os.killpg(self._process.pid, signal.SIGKILL)

    def end(self) -> int:
        """Kill the child if it still runs, and return its exit status."""
        status = self._process.poll()
        if status is None:
            self.kill()
            status = self._process.wait()
        self._close_pipes()
        return status

    def _close_pipes(self) -> None:
        os.close(self._stdin)
        os.close(self._stdout)

    def _write(self, content: bytes, deadline: float) -> None:
        rest = memoryview(content)
        while rest:
            _wait(self._stdin, select.POLLOUT, deadline)
            rest = rest[os.write(self._stdin, rest[:_CHUNK]) :]

    def _read(self, size: int, deadline: float) -> bytearray:
        content = bytearray(size)
        rest = memoryview(content)
        while rest:
            _wait(self._stdout, select.POLLIN, deadline)
            count = os.readv(self._stdout, [rest])
            if not count:
                raise ConnectionError("the child has ended")
            rest = rest[count:]
        return content


def _wait(descriptor: int, event: int, deadline: float) -> None:
    poll = select.poll()
    poll.register(descriptor, event)
    if not poll.poll(max(0.0, deadline - time.monotonic()) * 1000):
        raise _OverrunError


def _environment() -> dict[str, str]:
    """Return what the interpreter needs and nothing that the daemon knows.

    The allocator gives large blocks back, so that one large mail does not stay in memory.
    """
    kept = {name: os.environ[name] for name in _KEPT if name in os.environ}
    return kept | {
        "PYTHONPATH": str(Path(maildaemon.__file__).parent.parent),
        "LC_ALL": "C.UTF-8",
        "MALLOC_ARENA_MAX": "1",
        "MALLOC_MMAP_THRESHOLD_": "262144",
        "MALLOC_TRIM_THRESHOLD_": "1048576",
    }


def _with(found: _Found | str, message: Message) -> Message:
    if isinstance(found, str):
        return replace(message, defects=(*message.defects, found))
    findings, again = found
    return replace(again or message, found=findings)


def _degraded(raw: bytes, reason: str) -> Parsed:
    """Return what a scan finds, as it is written down: that is little."""
    return without_cards_of(parse_degraded(raw, reason))


def _decode(content: bytearray) -> Message:
    message = _MESSAGE.validate_json(bytes(content))
    date = message.date
    return replace(message, date=date.astimezone(UTC)) if date else message
