"""What the services need to remove bytes for good, whatever dies before the disk is reached."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from maildaemon.ports.persons import Bytes


@dataclass(frozen=True, slots=True)
class Removal:
    """Bytes that are still to be removed. `at_once`: however young they are."""

    removal_id: int
    is_file: bool
    sha256: str
    at_once: bool


class Removals(Protocol):
    """What was let go of, and may still lie on the disk."""

    def note(self, gone: Bytes, *, at_once: bool) -> None:
        """Note what is to be removed once this transaction is committed."""

    def next(self, after: int, most: int, *, at_once: bool) -> tuple[Removal, ...]:
        """Return what is still to be removed, behind this one; `at_once`: only what is urgent."""

    def done(self, removals: Sequence[Removal]) -> None:
        """Note that these are gone."""
