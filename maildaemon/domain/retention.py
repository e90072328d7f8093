"""How long things are kept."""

from dataclasses import dataclass
from datetime import timedelta


@dataclass(frozen=True, slots=True)
class Retention:
    """By class; None: for good. What is measured is when a message came; texts, people and counts
    of a conversation stay until nobody has written in it for so long, and it is not our turn.
    """

    raw: timedelta | None = None
    files: timedelta | None = None
    bodies: timedelta | None = None
    personal: timedelta | None = None
    statistics: timedelta | None = None
