"""What processes cost, as the kernel counts it."""

import os
import threading
from dataclasses import dataclass
from pathlib import Path

from tests.campaigns.installation import descendants

_TICKS = os.sysconf("SC_CLK_TCK")
_SAMPLE_EVERY = 0.25


@dataclass(frozen=True, slots=True)
class Cpu:
    """Seconds of a daemon so far: its own, and its children's, those included that have ended."""

    daemon: float
    children: float

    @property
    def total(self) -> float:
        return self.daemon + self.children


def cpu_of(pid: int) -> Cpu:
    own, reaped = _times(pid)
    return Cpu(own, reaped + sum(sum(_times(child)) for child in descendants(pid)))


def pss_of(pid: int) -> int:
    """Return the memory of a process and its children in bytes, shared pages divided fairly."""
    return sum(map(_pss, (pid, *descendants(pid))))


class Sampler(threading.Thread):
    """Remembers the highest memory that a daemon and its children had at any look."""

    def __init__(self, pid: int) -> None:
        super().__init__(name="memory sampler", daemon=True)
        self._pid = pid
        self._ended = threading.Event()
        self.peak = 0

    def run(self) -> None:
        while not self._ended.wait(_SAMPLE_EVERY):
            self.peak = max(self.peak, pss_of(self._pid))

    def end(self) -> int:
        """Stop looking; return the peak in bytes."""
        self._ended.set()
        self.join()
        return self.peak


def _times(pid: int) -> tuple[float, float]:
    """Return the CPU seconds of a process and of its ended children; 0 if it is gone."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(") ")[2].split()
    except OSError:
        return 0.0, 0.0
    user, system, children_user, children_system = (int(one) / _TICKS for one in fields[11:15])
    return user + system, children_user + children_system


def _pss(pid: int) -> int:
    try:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    except OSError:
        return 0
    return sum(int(line.split()[1]) * 1024 for line in lines if line.startswith("Pss:"))
