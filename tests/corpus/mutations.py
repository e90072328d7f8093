"""Damages every message of the corpora again and again, and has the worker read them.

The same seed gives the same damaged messages. A process that dies counts as a crash although the
daemon survives it, and so does what no code foresaw.
"""

import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from random import Random

from tests.corpus.loading import Corpora, Member
from tests.corpus.reading import CRASHES, WatchedParser
from tests.corpus.table import MUCH, SLOW
from tests.fuzz.invariants import flaws
from tests.fuzz.mutation import mutate
from tests.unit.parsing import READING

_MB = 1_000_000
_TELL_EVERY = 1000


class Campaign:
    """Counts what happens; what must not is kept in a folder, one file an input."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.read = 0
        self.degraded = 0
        self.seconds = 0.0
        self.slowest = self.dearest = 0.0
        self.largest = 0
        self.found: dict[str, list[str]] = {"crashed": [], "slow": [], "large": [], "unsound": []}

    @property
    def sound(self) -> bool:
        return not any(self.found.values())

    def run(self, messages: Sequence[Member], count: int, seed: int) -> None:
        """Read `count` damaged messages, every message in turn."""
        parser = WatchedParser()
        try:
            for number in range(count):
                name, raw = damaged(messages, seed, number)
                self._read(parser, f"{number} {name}", raw)
                if self.read % _TELL_EVERY == 0:
                    print(*self.lines(), file=sys.stderr, flush=True)
        finally:
            parser.close()

    def _read(self, parser: WatchedParser, name: str, raw: bytes) -> None:
        deaths = len(parser.deaths)
        parsed = parser.parse(raw, READING)
        self.read += 1
        self.degraded += parsed.message.degraded
        self.seconds += parser.seconds
        self.slowest = max(self.slowest, parser.seconds)
        self.dearest = max(self.dearest, parser.cpu)
        self.largest = max(self.largest, parser.memory)
        died = [f"process ended with {one}" for one in parser.deaths[deaths:]]
        if crashes := [*died, *(CRASHES & {*parsed.message.defects})]:
            self._keep("crashed", name, " ".join(crashes), raw)
            return
        # By processor time: other programs on the machine do not make a message slow.
        if parser.cpu > SLOW:
            self._keep("slow", name, f"{parser.cpu:.2f} s", raw)
        if parser.memory > MUCH:
            self._keep("large", name, f"{parser.memory / _MB:.0f} MB", raw)
        for flaw in flaws(raw, parsed):
            self._keep("unsound", name, flaw, raw)

    def _keep(self, kind: str, name: str, why: str, raw: bytes) -> None:
        self._folder.mkdir(parents=True, exist_ok=True)
        path = self._folder / f"{kind}-{name.partition(' ')[0]}.eml"
        path.write_bytes(raw)
        self.found[kind].append(f"{path}: {why} (from {name.partition(' ')[2]})")

    def lines(self) -> Iterator[str]:
        counts = ", ".join(f"{len(them)} {kind}" for kind, them in self.found.items())
        yield (
            f"{self.read} damaged messages: {counts}; {self.degraded} degraded;"
            f" {self.seconds * 1000 / max(1, self.read):.1f} ms each, the slowest"
            f" {self.slowest:.2f} s by the clock, {self.dearest:.2f} s of the processor; worker memory at most {self.largest / _MB:.0f} MB"
        )


def damaged(messages: Sequence[Member], seed: int, number: int) -> Member:
    """Return the message of this number, which depends on nothing but the arguments."""
    random = Random(f"{seed}:{number}")
    name, raw = messages[number % len(messages)]
    return name, mutate(random, raw, random.choice(messages)[1])


def run_mutations(
    corpora: Corpora, sets: Sequence[str], count: int, seed: int, folder: Path
) -> Campaign:
    """Return what a campaign over these sets found."""
    campaign = Campaign(folder)
    campaign.run([*corpora.messages([*sets])], count, seed)
    return campaign
