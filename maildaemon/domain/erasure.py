"""What is taken out of the records when a person is erased, and by what he is known again.

Whoever is erased is remembered by keyed marks alone: without the key of this installation they tell
nothing, and with it they recognise his mails wherever they turn up again.
"""

import hmac
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from hashlib import sha256
from typing import Any

from maildaemon.domain.cards import HIDDEN

ERASED = "[erased]"
# What stands in everybody's mail is nobody's words.
_LONG_NAME = 4
_LONG_LINE = 20
_ADDRESS = re.compile(r"[^\s<>()\[\]\",;:]+@[^\s<>()\[\]\",;:]+")
_QUOTE = re.compile(r"^[>|\s]+")
_MASKED = re.compile(rf"{HIDDEN}\d{{4}}")
# What of an event is a code, a number or an instant; whatever else stands there may be anything.
_CODES = frozenset(
    "kind match reason moved mode was since until promised_at timer priority status".split()
)


def mark_of(key: bytes, text: str) -> str:
    """Return the keyed mark by which an address or a Message-ID is known again."""
    words = f"erased\0{text.strip().lower()}"
    return hmac.digest(key, words.encode("utf-8", "surrogatepass"), "sha256").hex()


def addresses_in(text: str) -> frozenset[str]:
    """Return what looks like an address in a text."""
    return frozenset(one[0].strip(".'") for one in _ADDRESS.finditer(text))


@dataclass(frozen=True, slots=True)
class People:
    """The addresses, in lower case, of whoever takes part in a message: in From; in To, Cc and Bcc;
    aside, in Sender, Reply-To and what a redirection has added. `is_whole`: there is nobody else.
    If not, something stands there, or may have, that could not be read.
    """

    authors: frozenset[str]
    recipients: frozenset[str]
    aside: frozenset[str]
    is_whole: bool


@dataclass(frozen=True, slots=True)
class Tombstone:
    """What one erasure leaves behind, all of it keyed marks (`mark_of`), but for the bytes.

    `addresses`: what he wrote, or was written, until `erased_at` is erased wherever it turns up.
    `messages`: these are, whoever wrote them. `quoting`: of these the quotes are. `raw` and `files`
    are the sha256 of bytes that were removed.
    """

    erased_at: datetime
    addresses: tuple[str, ...] = ()
    messages: tuple[str, ...] = ()
    quoting: tuple[str, ...] = ()
    raw: tuple[str, ...] = ()
    files: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Tombstones:
    """All of them; `name` is of these alone, empty if there are none. `addresses`: until when."""

    key: bytes = field(repr=False)
    name: str = ""
    addresses: Mapping[str, datetime] = field(default_factory=dict)
    messages: frozenset[str] = frozenset()
    quoting: frozenset[str] = frozenset()

    @classmethod
    def of(cls, key: bytes, stones: Sequence[Tombstone]) -> "Tombstones":
        """Return what they say together."""
        addresses: dict[str, datetime] = {}
        for one in stones:
            for address in one.addresses:
                addresses[address] = max(one.erased_at, addresses.get(address, one.erased_at))
        return cls(
            key,
            sha256(repr(stones).encode()).hexdigest()[:16] if stones else "",
            addresses,
            frozenset(mark for one in stones for mark in one.messages),
            frozenset(mark for one in stones for mark in one.quoting),
        )

    def __contains__(self, address: str) -> bool:
        """Tell whether a person with this address was erased, whenever."""
        return mark_of(self.key, address) in self.addresses

    def covers(self, address: str, at: datetime) -> bool:
        """Tell whether what an address wrote, or was written, at this time is erased."""
        until = self.addresses.get(mark_of(self.key, address))
        return until is not None and at <= until

    def covers_message(self, message_id: str) -> bool:
        """Tell whether the message of this id is erased, whoever wrote it."""
        return bool(message_id) and mark_of(self.key, message_id) in self.messages

    def is_quoting(self, message_id: str) -> bool:
        """Tell whether the quotes were taken out of the message of this id."""
        return bool(message_id) and mark_of(self.key, message_id) in self.quoting

    def are_named_in(self, text: str, at: datetime) -> bool:
        """Tell whether a text of this time names the address of somebody who was erased later."""
        return any(self.covers(one, at) for one in addresses_in(text))

    def without_addresses(self, text: str) -> str:
        """Return a text without the addresses of whoever was erased."""
        return _ADDRESS.sub(self._unless_erased, text)

    def _unless_erased(self, found: re.Match[str]) -> str:
        plain = found[0].strip(".'")
        return ERASED if plain in self else found[0]


@dataclass(frozen=True, slots=True)
class Words:
    """What is a person's own, wherever it stands: addresses, names, subjects, lines he wrote. What
    is part of a longer word, or of somebody else's address, is not his.
    """

    found: tuple[str, ...]

    @classmethod
    def of(
        cls,
        addresses: Iterable[str],
        names: Iterable[str] = (),
        subjects: Iterable[str] = (),
        texts: Iterable[str] = (),
    ) -> "Words":
        """Return his words; what is so short that anybody may write it is nobody's."""
        named = (one.strip() for one in names)
        # In files others have kept of him a card number stands as he wrote it.
        pieces = (
            piece
            for text in texts
            for line in text.splitlines()
            for piece in {line, *_MASKED.split(line)}
        )
        lines = (_QUOTE.sub("", one).strip() for one in pieces)
        words = {
            *filter(None, (one.strip().lower() for one in addresses)),
            *(one.lower() for one in named if len(one) >= _LONG_NAME),
            *(one.strip().lower() for one in subjects if len(one.strip()) >= _LONG_LINE),
            *(one.lower() for one in lines if len(one) >= _LONG_LINE),
        }
        # The longest first: a name may stand in an address.
        return cls(tuple(sorted(words, key=lambda one: (-len(one), one))))

    def stand_in(self, text: str) -> bool:
        """Tell whether any of them stands in a text."""
        lowered = _joined(text)
        return any(one in lowered and re.search(_alone(one), lowered) for one in self.found)

    def stand_in_bytes(self, content: bytes) -> bool:
        """Tell whether any of them stands in a file, as most programs write text."""
        lowered = content.lower()
        if not any(one.encode("utf-8", "replace") in lowered for one in self.found):
            return False
        return self.stand_in(lowered.decode("utf-8", "replace"))

    def out_of(self, text: str) -> str:
        """Return a text without them."""
        lowered = text.lower()
        for one in self.found:
            if one in lowered:
                text = re.sub(_alone(one), ERASED, text, flags=re.IGNORECASE)
                lowered = text.lower()
        return text


def _alone(word: str) -> str:
    """Return the pattern of a word that is not a part of another one, or of another address."""
    plain = re.escape(word)
    if _ADDRESS.fullmatch(word):
        # joanna@ is not anna@, and example.net.au not example.net.
        return rf"(?<![\w.+-]){plain}(?![\w-]|\.\w)"
    # Scripts without capitals write words without spaces between them, or with others before.
    before = r"(?<![\w@])" if _has_case(word[0]) else ""
    after = r"(?!\w|[.+-]?[\w.+-]*@)" if _has_case(word[-1]) else ""
    return f"{before}{plain}{after}"


def _has_case(letter: str) -> bool:
    return letter.lower() != letter.upper()


def _joined(text: str) -> str:
    return "\n".join(_QUOTE.sub("", line) for line in text.lower().splitlines())


def without_words(detail: Mapping[str, Any], at: datetime) -> dict[str, Any]:
    """Return what may stay of an entry of the history: numbers, codes and instants."""
    kept = {name: _kept(name, value) for name, value in detail.items() if name != "undo"}
    return {**kept, "erased": at.isoformat()}


def _kept(name: str, value: Any) -> Any:
    if value is None or isinstance(value, bool | int | float) or name in _CODES:
        return value
    return ERASED
