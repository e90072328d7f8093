"""Looks in a message for what the operator's rules and order numbers name."""

import re
import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property

from maildaemon.domain.cards import find_cards, written
from maildaemon.domain.message import Message
from maildaemon.domain.ordernumbers import number_key, proves, usual_form
from maildaemon.domain.reading import (
    Findings,
    FoundSender,
    FoundWords,
    NumberPattern,
    Part,
    Reading,
    Search,
)
from maildaemon.domain.rules import is_expression
from maildaemon.domain.understanding import OrderNumber
from maildaemon.mail.plainwords import plain_words, stand_alone, without_invisible
from maildaemon.mail.requests import asks_for_something

# What stands behind that is no letter any more. A bound, so that no pattern meets megabytes.
_SEARCHED = 100_000
_MATCHES_AT_MOST = 1000
_NUMBERS_AT_MOST = 50
_WRITERS_AT_MOST = 20
_LONGEST_ADDRESS = 320
_LONGEST_NUMBER = 100
# Where Chinese, Japanese and Korean put no space, `\b` finds no end of a word.
_CJK = "\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af"
_NO_SPACE = re.compile(rf"(?<=[{_CJK}])(?=[#0-9A-Za-z])|(?<=[0-9A-Za-z])(?=[{_CJK}])")
_FLAGS = re.IGNORECASE | re.MULTILINE
# What asks for the ends of lines must see them; anything else is found in whole paragraphs.
_ABOUT_LINES = ("^", "$", "\\n", "\\r", "\\A", "\\Z")


@dataclass(frozen=True, slots=True)
class Prepared:
    """What is looked for, ready to be used for many messages."""

    words: Mapping[Search, str]
    expressions: Mapping[Search, re.Pattern[str]]
    senders: Mapping[str, re.Pattern[str]]
    numbers: tuple[tuple[NumberPattern, re.Pattern[str]], ...]


class _Text:
    """A part of a message in its forms, each made when the first asks for it. `folded` is for
    words; `lines` are as they came, `unwrapped` whole paragraphs: where a mail program broke a
    line, the sentence goes on.
    """

    def __init__(self, text: str) -> None:
        self._text = text

    @cached_property
    def folded(self) -> str:
        return plain_words(self._text)

    @cached_property
    def lines(self) -> str:
        return _visible(self._text)

    @cached_property
    def unwrapped(self) -> str:
        return _unwrapped(self.lines)


def prepare(reading: Reading) -> Prepared:
    """Return what is looked for, compiled."""
    expressions = {one: re.compile(one.words[1:-1], _FLAGS) for one in _expressions(reading)}
    return Prepared(
        words={it: plain_words(it.words) for it in reading.searches if it not in expressions},
        expressions=expressions,
        senders={one: re.compile(one[1:-1], _FLAGS) for one in reading.senders},
        numbers=tuple((one, re.compile(one.pattern, _FLAGS)) for one in reading.numbers),
    )


def find(message: Message, prepared: Prepared) -> Findings:
    """Return what of it is in the message."""
    subject, text = message.subject[:_SEARCHED], message.reply_text[:_SEARCHED]
    parts = {Part.SUBJECT: _Text(subject), Part.TEXT: _Text(text)}
    numbers = _numbers(prepared, f"{parts[Part.SUBJECT].lines}\n{parts[Part.TEXT].lines}")
    if not numbers and prepared.numbers:
        # What is forwarded counts if the customer himself names none: a confirmation of ours, say.
        numbers = _numbers(prepared, _visible(message.text[:_SEARCHED]))
    return Findings(
        words=tuple(_words(prepared, parts)),
        senders=tuple(_senders(prepared, message)),
        numbers=numbers,
        asks=asks_for_something(
            (subject, text), (one.folded for one in parts.values()), message.language
        ),
        no_cards=tuple(_no_cards(prepared, message)),
    )


def _no_cards(prepared: Prepared, message: Message) -> Iterator[str]:
    """Yield what looks like a payment card's number, and is one of the shop's own."""
    if not prepared.numbers:
        return
    said = [one[:_SEARCHED] for one in written(message)]
    cards = {card.digits for one in {*said} for card in find_cards(one)}
    if not cards:
        return
    ours = [number_key(one.number) for one in _numbers(prepared, _visible("\n".join(said)))]
    yield from (one for one in sorted(cards) if any(one in number for number in ours))


def _expressions(reading: Reading) -> Iterator[Search]:
    return (one for one in reading.searches if is_expression(one.words))


def _visible(text: str) -> str:
    if text.isascii():
        return text
    return unicodedata.normalize("NFC", without_invisible(text).replace("\xa0", " "))


def _unwrapped(text: str) -> str:
    paragraphs: list[list[str]] = [[]]
    for line in text.splitlines():
        if words := line.split():
            paragraphs[-1] += words
        elif paragraphs[-1]:
            paragraphs.append([])
    return "\n".join(" ".join(one) for one in paragraphs)


def _words(prepared: Prepared, parts: Mapping[Part, _Text]) -> Iterator[FoundWords]:
    for search, words in prepared.words.items():
        for part in search.parts:
            if stand_alone(words, parts[part].folded):
                yield FoundWords(search.words, part)
    for search, expression in prepared.expressions.items():
        for part in search.parts:
            text = parts[part]
            if expression.search(text.unwrapped) or (
                _is_about_lines(expression) and expression.search(text.lines)
            ):
                yield FoundWords(search.words, part)


def _is_about_lines(expression: re.Pattern[str]) -> bool:
    return any(one in expression.pattern for one in _ABOUT_LINES)


def _senders(prepared: Prepared, message: Message) -> Iterator[FoundSender]:
    if not prepared.senders:
        return
    writers = (*((message.from_,) if message.from_ else ()), *message.reply_to)
    for key in dict.fromkeys(one.key[:_LONGEST_ADDRESS] for one in writers[:_WRITERS_AT_MOST]):
        for pattern, expression in prepared.senders.items():
            if expression.search(key):
                yield FoundSender(pattern, key)


def _numbers(prepared: Prepared, text: str) -> tuple[OrderNumber, ...]:
    found = _numbers_in(prepared, text)
    if found or text.isascii():
        return found
    return _numbers_in(prepared, _NO_SPACE.sub(" ", text))


def _numbers_in(prepared: Prepared, text: str) -> tuple[OrderNumber, ...]:
    found: dict[tuple[str, str], OrderNumber] = {}
    for kind, expression in prepared.numbers:
        for count, match in enumerate(expression.finditer(text)):
            if count >= _MATCHES_AT_MOST or len(found) >= _NUMBERS_AT_MOST:
                break
            number = usual_form((match[expression.groups] or match[0])[:_LONGEST_NUMBER])
            if number and (kind.checksum is None or proves(number, kind.checksum)):
                found.setdefault((kind.name, number_key(number)), OrderNumber(kind.name, number))
    return tuple(found.values())
