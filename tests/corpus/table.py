"""The tables: a line a field, then every difference with its reason."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from tests.corpus.differences import Reason, Reasons, Side
from tests.corpus.finding import Finding
from tests.corpus.reading import Reading

_MB = 1_000_000
SLOW = 2.0
# The worker is granted 512 MB of addresses; this is what it may really use.
MUCH = 300 * _MB


@dataclass(slots=True)
class Costs:
    """What reading took: the worst of each, and all that is not to happen."""

    messages: int = 0
    seconds: float = 0.0
    slowest: tuple[float, str] = (0.0, "")
    largest: tuple[int, str] = (0, "")
    crashed: list[str] = field(default_factory=list)
    slow: list[str] = field(default_factory=list)

    def add(self, reading: Reading) -> None:
        self.messages += 1
        self.seconds += reading.seconds
        self.slowest = max(self.slowest, (reading.seconds, reading.name))
        self.largest = max(self.largest, (reading.memory, reading.name))
        if reading.crashed:
            self.crashed.append(f"{reading.name} {' '.join(reading.message.defects)}")
        if reading.seconds > SLOW:
            self.slow.append(f"{reading.name} {reading.seconds:.1f} s")

    @property
    def bounded(self) -> bool:
        return not self.crashed and not self.slow and self.largest[0] <= MUCH

    def lines(self) -> Iterator[str]:
        mean = self.seconds * 1000 / max(self.messages, 1)
        yield (
            f"{self.messages} messages; {mean:.1f} ms each; the slowest {self.slowest[0]:.2f} s"
            f" ({self.slowest[1]}); worker memory at most {self.largest[0] / _MB:.0f} MB"
            f" ({self.largest[1]}); {len(self.crashed)} crashed, {len(self.slow)} over {SLOW:g} s"
        )
        yield from (f"  CRASHED {one}" for one in self.crashed)
        yield from (f"  SLOW {one}" for one in self.slow)


@dataclass(frozen=True, slots=True)
class Result:
    """What came of a set."""

    name: str
    findings: Sequence[tuple[Finding, Reason | None]]
    uncompared: frozenset[str]
    stale: Sequence[tuple[str, str]]
    costs: Costs

    @property
    def unexplained(self) -> int:
        return sum(bool(why) and why.who is Side.UNEXPLAINED for _, why in self.findings if why)

    @property
    def sound(self) -> bool:
        """Tell whether every difference has its reason and nothing broke the limits."""
        return not self.unexplained and not self.stale and self.costs.bounded


def judge(
    name: str,
    findings: Sequence[Finding],
    uncompared: frozenset[str],
    reasons: Reasons,
    costs: Costs,
) -> Result:
    """Return the result of a set; a difference gets the reason that is on file for it."""
    judged = [(one, None if one.agrees else reasons.explain(one)) for one in findings]
    return Result(name, judged, uncompared, reasons.stale(), costs)


def table(result: Result) -> Iterator[str]:
    """Yield the lines of a set: `%` is agreement, `% sound` leaves out what they have wrong."""
    yield f"## {result.name}"
    yield ""
    fields = sorted({one.field for one, _ in result.findings})
    width = max([len("field"), *map(len, fields)])
    yield f"| {'field':{width}} | cases | agree | ours | theirs | unexplained |     % | % sound |"
    yield f"|{'-' * (width + 2)}|------:|------:|-----:|-------:|------------:|------:|--------:|"
    for name in fields:
        them = [why for one, why in result.findings if one.field == name]
        yield f"| {name:{width}} | {_figures(them)} |"
    yield ""
    yield from result.costs.lines()
    if result.uncompared:
        yield f"NOT COMPARED: {', '.join(sorted(result.uncompared))}"
    for case, name in result.stale:
        yield f"STALE: {case} {name}: it agrees now, take the reason out"


def _figures(them: list[Reason | None]) -> str:
    agree = sum(why is None for why in them)
    sides = [sum(why is not None and why.who is side for why in them) for side in Side]
    ours, theirs, unexplained = sides
    sound = len(them) - theirs
    shares = f"{_percent(agree, len(them))} | {_percent(agree, sound):>7}"
    return f"{len(them):5} | {agree:5} | {ours:4} | {theirs:6} | {unexplained:11} | {shares}"


def _percent(part: int, whole: int) -> str:
    return f"{100 * part / whole:5.1f}" if whole else "    –"


def differences(result: Result) -> Iterator[str]:
    """Yield every difference: the case, who is wrong and why, what was expected and what came."""
    for finding, why in result.findings:
        if why is not None:
            yield f"{why.who}: {finding.case} [{finding.field}] {why.why}".rstrip()
            yield f"    expected {finding.expected}"
            yield f"    got      {finding.got}"
