"""Fuzzes one target: a pool of inputs grows by those whose answers are of a new shape.

It runs in a child process, with the worker's limits on memory and processor time: what kills a
process is found like anything else, and the campaign goes on with the next child.
"""

import hashlib
import mmap
import os
import re
import resource
import signal
import struct
import sys
import time
import traceback
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from random import Random

from tests.fuzz.minimise import minimise
from tests.fuzz.mutation import LONGEST
from tests.fuzz.targets import Target, look

_MEMORY = 1024 * 1024 * 1024
_CPU_SECONDS = 20
_POOL = 5000
_TELL_EVERY = 60.0
_COUNTS = struct.Struct("=QQ")
_LENGTH = struct.Struct("=Q")


@dataclass(slots=True)
class Campaign:
    """`keep` is where finds go, one file each, named by their flaw."""

    target: Target
    keep: Path
    seed: int
    found: dict[str, str] = field(default_factory=dict)
    executed: int = 0
    shapes: int = 0

    def run(self, seconds: float, folders: Sequence[Path]) -> None:
        """Fuzz for so long, in as many processes as it takes."""
        deadline = time.monotonic() + seconds
        begin = self.target.begin(folders)
        shared = mmap.mmap(-1, LONGEST * 2)
        child = 0
        while time.monotonic() < deadline:
            shared[: _COUNTS.size + _LENGTH.size] = bytes(_COUNTS.size + _LENGTH.size)
            pid = os.fork()
            if not pid:
                _run_child(self, Random(f"{self.seed}:{child}"), begin, shared, deadline)
            status = os.waitpid(pid, 0)[1]
            executed, shapes = _COUNTS.unpack_from(shared)
            self.executed += executed
            self.shapes = max(self.shapes, shapes)
            if not os.WIFEXITED(status):
                self._keep_killer(_current(shared), os.WTERMSIG(status))
            elif os.WEXITSTATUS(status):
                raise RuntimeError("the fuzzing process itself is broken; see above")
            child += 1
        self._gather()

    def _keep_killer(self, raw: bytes, number: int) -> None:
        """Keep what was tried when the process was killed, if it kills a process of its own too."""
        if _kills(self.target, raw):
            self.keep_input(raw, f"kills by signal {number}")
            return
        said = f"{self.target.name}: signal {number}, but not again for the same {len(raw)} bytes"
        print(said, file=sys.stderr, flush=True)

    def keep_input(self, raw: bytes, flaw: str) -> None:
        """Keep an input by its flaw: one of each kind is enough."""
        self.keep.mkdir(parents=True, exist_ok=True)
        kind = hashlib.sha256(_kind(flaw).encode()).hexdigest()[:12]
        path = self.keep / f"{self.target.name}-{kind}.eml"
        if not path.exists():
            path.write_bytes(raw)
            path.with_suffix(".txt").write_text(flaw + "\n", "utf-8", "backslashreplace")

    def _gather(self) -> None:
        for path in sorted(self.keep.glob(f"{self.target.name}-*.txt")):
            self.found[path.stem] = path.read_text("utf-8").strip()


def _kills(target: Target, raw: bytes) -> bool:
    pid = os.fork()
    if not pid:
        try:
            _limit()
            _allow()
            look(target, raw, twice=True)
        finally:
            os._exit(0)
    return not os.WIFEXITED(os.waitpid(pid, 0)[1])


def _limit() -> None:
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_AS, (_MEMORY, _MEMORY))


def _run_child(
    campaign: Campaign, random: Random, begin: Sequence[bytes], shared: mmap.mmap, deadline: float
) -> None:
    """Fuzz until the time is up; never returns."""
    status = 1
    try:
        _limit()
        _fuzz(campaign, random, [*begin], shared, deadline)
        status = 0
    except BaseException:  # noqa: BLE001  # the parent must hear of it, and pytest must not run twice
        traceback.print_exc()
    finally:
        sys.stderr.flush()
        os._exit(status)


def _fuzz(
    campaign: Campaign, random: Random, pool: list[bytes], shared: mmap.mmap, deadline: float
) -> None:
    target, shapes, kinds = campaign.target, set[object](), set[str]()
    executed, told = 0, time.monotonic()
    waiting = [*reversed(pool)]
    while (now := time.monotonic()) < deadline:
        # To damage a large one costs the fuzzer's own time.
        _allow(60)
        raw = waiting.pop() if waiting else _next(target, random, pool)
        _allow()
        _show(shared, executed, len(shapes), raw)
        answer = look(target, raw, twice=False)
        executed += 1
        if answer.shape not in shapes:
            answer = look(target, raw, twice=True)
            shapes.add(answer.shape)
            if len(pool) < _POOL:
                pool.append(raw)
        for flaw in answer.flaws:
            if _kind(flaw) not in kinds:
                kinds.add(_kind(flaw))
                _allow(60)
                campaign.keep_input(_smallest(target, raw, flaw), flaw)
        if now - told > _TELL_EVERY:
            told = now
            line = f"{target.name}: {executed} inputs, {len(shapes)} shapes, {len(kinds)} flaws"
            print(line, file=sys.stderr, flush=True)
    _show(shared, executed, len(shapes), b"")


def _next(target: Target, random: Random, pool: list[bytes]) -> bytes:
    # What came last is the least explored.
    recent = pool[-50:] if random.random() < 0.3 else pool
    # Small ones are quick, and the damage then is where something happens.
    smaller = min(random.choice(recent), random.choice(recent), key=len)
    return target.damage(random, smaller, random.choice(pool))


def _smallest(target: Target, raw: bytes, flaw: str) -> bytes:
    kind = _kind(flaw)
    return minimise(
        raw, lambda one: any(_kind(each) == kind for each in look(target, one, twice=True).flaws)
    )


def _kind(flaw: str) -> str:
    """Return a flaw without what differs from input to input."""
    return re.sub(r"[0-9]+", "0", flaw.partition(": ")[0])


def _allow(seconds: int = _CPU_SECONDS) -> None:
    """Let one input use this much processor time; the kernel kills what uses more."""
    usage = resource.getrusage(resource.RUSAGE_SELF)
    soft = int(usage.ru_utime + usage.ru_stime) + 1 + seconds
    resource.setrlimit(resource.RLIMIT_CPU, (soft, resource.getrlimit(resource.RLIMIT_CPU)[1]))
    signal.signal(signal.SIGXCPU, signal.SIG_DFL)


def _show(shared: mmap.mmap, executed: int, shapes: int, raw: bytes) -> None:
    """Leave where the parent can see it what is about to be tried."""
    _COUNTS.pack_into(shared, 0, executed, shapes)
    _LENGTH.pack_into(shared, _COUNTS.size, len(raw))
    begin = _COUNTS.size + _LENGTH.size
    shared[begin : begin + len(raw)] = raw


def _current(shared: mmap.mmap) -> bytes:
    [length] = _LENGTH.unpack_from(shared, _COUNTS.size)
    begin = _COUNTS.size + _LENGTH.size
    return shared[begin : begin + length]
