"""What the operator's rules ask of a message, and what they say of it, as values."""

from dataclasses import dataclass
from enum import StrEnum

from maildaemon.domain.reading import NumberPattern, Reading, Search
from maildaemon.domain.understanding import AfterAnswer, Fact, Link, Priority


class ShopHours(StrEnum):
    """Whether the shop is open when a message arrives."""

    OPEN = "open"
    CLOSED = "closed"


@dataclass(frozen=True, slots=True)
class Condition:
    """Which messages are meant; everything that is named must hold.

    A sender is an address, `@` and a domain, or a `/regular expression/`. Addresses, languages
    and types are lower case; a type may end in `/*`.
    """

    any: tuple[Search, ...] = ()
    all: tuple[Search, ...] = ()
    none: tuple[Search, ...] = ()
    senders: tuple[str, ...] = ()
    recipients: tuple[str, ...] = ()
    attachments: tuple[str, ...] = ()
    languages: tuple[str, ...] = ()
    hours: ShopHours | None = None


@dataclass(frozen=True, slots=True)
class Rule:
    """What follows for a message for which `when` holds. None and empty: nothing is said of it."""

    name: str
    when: Condition
    category: str | None = None
    priority: Priority | None = None
    tags: tuple[str, ...] = ()
    promise: Priority | None = None
    need: tuple[Fact, ...] = ()
    faq: tuple[Link, ...] = ()
    assign: str | None = None
    forward: str | None = None
    mute: bool = False
    after_answer: AfterAnswer | None = None


def is_expression(words: str) -> bool:
    """Tell whether it is written `/like this/`."""
    return len(words) > 1 and words[0] == words[-1] == "/"


def make_reading(
    languages: tuple[str, ...], rules: tuple[Rule, ...], numbers: tuple[NumberPattern, ...]
) -> Reading:
    """Return what must be looked for so that these rules can be judged."""
    conditions = [rule.when for rule in rules]
    searches = (one for when in conditions for one in (*when.any, *when.all, *when.none))
    senders = (one for when in conditions for one in when.senders if is_expression(one))
    return Reading(
        languages,
        tuple(dict.fromkeys(searches)),
        tuple(dict.fromkeys(senders)),
        numbers,
    )
