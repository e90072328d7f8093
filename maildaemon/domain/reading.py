"""What is looked for in a message while it is parsed, and what of it was found.

Plain data: it crosses to the process in which mail is parsed, where patterns cost bounded time.
"""

from dataclasses import dataclass
from enum import StrEnum

from maildaemon.domain.understanding import OrderNumber


class Part(StrEnum):
    """Where words are looked for. `text` is what is new in it."""

    SUBJECT = "subject"
    TEXT = "text"


class Checksum(StrEnum):
    """How the last digits of a number prove the others."""

    LUHN = "luhn"
    MOD11 = "mod11"
    MOD97 = "mod97"


@dataclass(frozen=True, slots=True)
class Search:
    """Words as the operator wrote them, or a `/regular expression/`, and where to look."""

    words: str
    parts: tuple[Part, ...] = (Part.SUBJECT, Part.TEXT)


@dataclass(frozen=True, slots=True)
class NumberPattern:
    """What a number of ours looks like. A group, if there is one, stands around the number."""

    name: str
    pattern: str
    checksum: Checksum | None = None


@dataclass(frozen=True, slots=True)
class Reading:
    """How a message is read: the languages that may be recognised, and what is looked for.

    `senders` are regular expressions for the addresses that may be its writer's.
    """

    languages: tuple[str, ...] = ()
    searches: tuple[Search, ...] = ()
    senders: tuple[str, ...] = ()
    numbers: tuple[NumberPattern, ...] = ()


@dataclass(frozen=True, slots=True)
class FoundWords:
    """The words of a `Search`, as they were written there, and where they were found."""

    words: str
    part: Part


@dataclass(frozen=True, slots=True)
class FoundSender:
    """An expression for senders, and an address (lower case) that it matches."""

    pattern: str
    address: str


@dataclass(frozen=True, slots=True)
class Findings:
    """What was found. `asks`: whether it holds a question or a request, None if that is unsure.
    `no_cards`: digits that might be a payment card's, and are a number of ours.
    """

    words: tuple[FoundWords, ...] = ()
    senders: tuple[FoundSender, ...] = ()
    numbers: tuple[OrderNumber, ...] = ()
    asks: bool | None = None
    no_cards: tuple[str, ...] = ()

    def holds(self, search: Search) -> bool:
        """Tell whether these words stand where they are looked for."""
        return any(one.words == search.words and one.part in search.parts for one in self.words)
