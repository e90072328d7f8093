"""Why something differs from what a corpus expects: ours (we are wrong) or theirs (they are).

One file a set in `differences/`: [[difference]] with `fields`, `who`, `why` in one line, and
`cases`, the names of the cases without that of the set. Nothing of a mail stands in them.
"""

import tomllib
from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

from tests.corpus.finding import Finding

FOLDER = Path(__file__).parent / "differences"


class Side(StrEnum):
    """Who is wrong."""

    OURS = "ours"
    THEIRS = "theirs"
    UNEXPLAINED = "unexplained"


@dataclass(frozen=True, slots=True)
class Reason:
    """Whose mistake a difference is, and why; a sentence for people."""

    who: Side
    why: str


_UNEXPLAINED = Reason(Side.UNEXPLAINED, "")


@dataclass(slots=True)
class Reasons:
    """The reasons that are on file for a set; `stale` are those that nothing asked for."""

    by_place: dict[tuple[str, str], Reason]
    _asked: set[tuple[str, str]] = field(default_factory=set)

    def explain(self, finding: Finding) -> Reason:
        """Return why a finding does not agree."""
        place = (finding.case, finding.field)
        self._asked.add(place)
        return self.by_place.get(place, _UNEXPLAINED)

    def stale(self) -> list[tuple[str, str]]:
        return sorted(set(self.by_place) - self._asked)


def read_reasons(name: str, folder: Path = FOLDER) -> Reasons:
    """Return what is on file for a set; ValueError if it cannot be what was meant."""
    path = folder / f"{name}.toml"
    if not path.exists():
        return Reasons({})
    found: dict[tuple[str, str], Reason] = {}
    for entry in tomllib.loads(path.read_text("utf-8"))["difference"]:
        reason = Reason(Side(entry["who"]), entry["why"])
        if reason.who is Side.UNEXPLAINED or not reason.why.strip() or "\n" in reason.why:
            raise ValueError(f"{path}: say who is wrong and why, in one line: {entry}")
        for place in _places(name, entry["cases"], entry["fields"]):
            if place in found:
                raise ValueError(f"{path}: {place} stands there twice")
            found[place] = reason
    return Reasons(found)


def _places(name: str, cases: Iterable[str], fields: Iterable[str]) -> list[tuple[str, str]]:
    return [(f"{name}/{case}", one) for case in cases for one in fields]
