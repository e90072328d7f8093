"""What the services need to seal the history, and to show that nobody has changed it."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from maildaemon.domain.chain import Link


@dataclass(frozen=True, slots=True)
class Chain:
    """The history of a thread, in order, and what shows how it ends (None: nothing is sealed)."""

    thread_id: int
    reference: str
    ends: str | None
    links: tuple[Link, ...]


class Chains(Protocol):
    """The history, thread by thread."""

    def unsealed(self, after: int, most: int) -> tuple[Link, ...]:
        """Return entries after this one that belong to a thread, in order."""

    def last_seals(self, threads: Sequence[int]) -> dict[int, str]:
        """Return the newest seal of each of these threads that has one."""

    def seal(self, links: Sequence[Link], ends: dict[int, str]) -> None:
        """Keep seals, salts and hashes of entries, and how the chains of these threads end."""

    def read(self, after: int, most: int) -> tuple[Chain, ...]:
        """Return the chains of threads after this one, by key."""
