"""Counts in how many messages of corpora something is taken for a payment card's number."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from maildaemon.domain.cards import PAYMENT_CARD
from maildaemon.domain.reading import Reading
from maildaemon.mail.parse import parse_message
from tests.corpus.loading import Corpora

# One of so many ordinary mails may be.
RARE = 1000


@dataclass(frozen=True, slots=True)
class Masked:
    """How many messages were read, and in which something was masked."""

    messages: int
    masked: tuple[str, ...]

    @property
    def sound(self) -> bool:
        """Tell whether that is as rare as it has to be."""
        return len(self.masked) * RARE <= self.messages

    def lines(self) -> Iterator[str]:
        """Yield it in words."""
        yield f"{self.messages} messages, {len(self.masked)} with something taken for a card number"
        yield from (f"MASKED {name}" for name in self.masked)


def count_cards(corpora: Corpora, sets: Sequence[str]) -> Masked:
    """Read every message of these sets."""
    read = 0
    masked = []
    for name, raw in corpora.messages([*sets]):
        read += 1
        if PAYMENT_CARD in parse_message(raw, Reading()).message.defects:
            masked.append(name)
    return Masked(read, tuple(masked))
