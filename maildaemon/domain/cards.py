"""Finds payment card numbers in what people write, and leaves their last four digits.

A number counts if its beginning and length are those of a network, its check digit is right, and
it is written as cards are: in one piece, or in the groups that stand on a card. Lengths that
other numbers have more often want a word of cards nearby. What follows a word for orders, parcels
or devices is that, and so is what stands in an address of a page or of mail.

PCI DSS 3.4.1 lets at most the first six and the last four digits be shown; 3.3.1 wants the
security code not to be kept at all.
"""

import re
from bisect import bisect_left
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass, replace

from maildaemon.domain.card_words import BETWEEN, CARD, OTHER, SECURITY_CODE
from maildaemon.domain.message import Address, DeliveryReport, Message, Parsed
from maildaemon.domain.ordernumbers import is_luhn

# What a message of which something was masked is flagged with, among its defects.
PAYMENT_CARD = "payment_card"
HIDDEN = "•••• •••• •••• "
_SHORTEST = 12
_LENGTHS = range(_SHORTEST, 20)
_MOST_PIECES = 5
_TWO, _THREE, _FOUR = 2, 3, 4
# Fields in which somebody writes what he likes (RFC 5322 §3.6.4, §3.6.5), or names himself.
_WRITTEN = frozenset("subject comments keywords thread-topic from sender reply-to to cc".split())

# By the first digits: the lengths that tell a card, and those that other numbers have as well.
# ISO/IEC 7812-1 gives the ranges out; 13 digits are what shops print on goods.
_NETWORKS = tuple(
    (re.compile(begins), frozenset(sure), frozenset(unsure))
    for begins, sure, unsure in (
        (r"4", (16, 19), (13,)),  # Visa
        (r"5[1-5]|222[1-9]|22[3-9]|2[3-6]|27[01]|2720", (16,), ()),  # Mastercard
        (r"3[47]", (15,), ()),  # American Express
        (r"6011|64[4-9]|65", (16, 17, 18, 19), ()),  # Discover
        (r"3(?:0[0-5]|095|[689])", (14, 16), (15, 17, 18, 19)),  # Diners Club
        (r"35(?:2[89]|[3-8])", (16, 17, 18, 19), ()),  # JCB
        (r"62", (16, 17, 18, 19), ()),  # UnionPay
        (r"50(?:18|20|38)|5893|6(?:304|390|7)", (16, 18, 19), (12, 13, 14, 15, 17)),  # Maestro
    )
)
# As digits are embossed, or printed on an account's card.
_GROUPS = frozenset(
    (
        *((4, 4, 4, 4), (4, 6, 5), (4, 6, 4), (4, 4, 4, 3), (4, 4, 4, 2), (4, 4, 4, 1)),
        *((4, 4, 4), (4, 4, 5), (4, 3, 3, 3), (6, 13), (6, 10), (6, 4, 4, 4), (6, 4, 4, 5)),
        *((4, 4, 4, 4, 1), (4, 4, 4, 4, 2), (4, 4, 4, 4, 3)),
    )
)
_FIRST = frozenset((*(one[0] for one in _GROUPS), *_LENGTHS))
_BLANK = r" \t\xa0\u2000-\u200b\u202f\u205f\u3000\xad\u2060\ufeff"
_LINE_END = rf"[{_BLANK}]{{0,3}}\r?\n[{_BLANK}>|]{{0,6}}"
_GAP = (
    rf"(?:[{_BLANK}]{{0,2}}[-\u2010-\u2015\u2212.·][{_BLANK}]{{0,2}}|[{_BLANK}]{{1,3}}|{_LINE_END})"
)
# Twelve digits at least, in pieces or not. It begins with what is quickly told.
_DIGITS = re.compile(
    rf"[0-9](?<![^\W_][0-9])(?=(?:[^0-9A-Za-z]{{0,9}}[0-9]){{{_SHORTEST - 1}}})"
    rf"[0-9]*(?:{_GAP}[0-9]+)*"
)
_PIECE = re.compile(r"[0-9]+")
_CARD = "|".join(map(re.escape, CARD))


def _beginning(word: str) -> str:
    """Return the pattern of a word and of what it begins, if it is long enough to begin little."""
    return re.escape(word) + (r"\b" if len(word) <= _FOUR else r"\w{0,12}")


_NEAR = re.compile(_CARD)
_LABEL = re.compile(rf"(?P<card>{_CARD})|\b(?:{'|'.join(_beginning(one) for one in OTHER)})")
_LEADS_TO = re.compile(rf"(?:\W{{0,3}}\b(?:{'|'.join(BETWEEN)})\b)*\W{{0,4}}")
_NEARBY, _BESIDE = 60, 6
_ACCOUNT = re.compile(r"\b[A-Z]{2}[0-9]{2}[ \xa0]?(?:[0-9A-Z]{4}[ \xa0]?)*\Z")
# A part of a longer number: +49…, 0.4111…, 12_4111…; and of a name: INV-4111…, #4111…, № 4111…
_PART_OF = re.compile(r"(?:\+|[0-9][._]|\b0,)\Z")
_NAMED = re.compile(r"(?:(?:[^\W\d_]|[0-9A-Fa-f]{4})[-/]|#|№ ?)\Z")
_GOES_ON = re.compile(r"[^\W_]|[._][0-9]")
_DUE = re.compile(r"(?:0[1-9]|1[0-2])[2-4][0-9]|20[2-4][0-9]")
_LISTED = re.compile("[,;]")
_LINK = re.compile(r"://|\bwww\.", re.IGNORECASE)
_TOKEN = re.compile(r"[^\s<>\"'()\[\]{}|]+")
_LONG = 2000
_EXPIRY = r"(?:0[1-9]|1[0-2])[ ]?[/.-][ ]?(?:20)?[2-4][0-9]"
_SECURITY = re.compile(
    rf"(?P<said>\b(?:{'|'.join(SECURITY_CODE)})\b[^\d\n]{{0,20}})[0-9]{{3,4}}(?![\w])"
    rf"|(?P<dated>{re.escape(HIDDEN)}[0-9]{{4}}\W{{1,3}}{_EXPIRY}\W{{1,3}})[0-9]{{3,4}}(?![\w])",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Card:
    """Where a number stands in a text, and its digits."""

    start: int
    end: int
    digits: str


def find_cards(text: str) -> tuple[Card, ...]:
    """Return the payment card numbers in a text, in order."""
    links = _Links(text)
    return tuple(
        one
        for run in _DIGITS.finditer(text)
        for one in _in_run(text, run.start(), run.end())
        if not links.hold(one)
    )


def without_cards(text: str) -> str:
    """Return a text of which every card number shows the last four digits alone, and the security
    code beside it nothing.
    """
    return _masked(text, find_cards(text))


def _masked(text: str, cards: Sequence[Card], spared: Collection[str] = ()) -> str:
    """`spared` are digits that are something else to the shop."""
    hidden = [one for one in cards if one.digits not in spared]
    if not hidden:
        return text
    shown, at = [], 0
    for one in hidden:
        shown += [text[at : one.start], HIDDEN, one.digits[-4:]]
        at = one.end
    return _SECURITY.sub(_without_code, "".join((*shown, text[at:])))


def written(message: Message) -> Iterator[str]:
    """Yield what people have written in a message, the names of its files included."""
    yield from (message.subject, message.text, message.reply_text)
    yield from (name for one in message.attachments for name in (one.filename, *one.names))
    yield from (said for name, said in message.fields if name in _WRITTEN)
    yield from (one.diagnostic or "" for one in message.bounce.recipients) if message.bounce else ()


def without_cards_of(parsed: Parsed) -> Parsed:
    """Return a parsed message as it is written down: without card numbers in what people wrote, and
    flagged if there were some. Its bytes, and those of its files, are as they came.
    """
    message = parsed.message
    spared = message.found.no_cards if message.found else ()
    # Most of a message stands in it twice: as its text, and as what is new in that.
    known = {core: find_cards(core) for core in {text.strip() for text in written(message)}}
    if {one.digits for cards in known.values() for one in cards} <= {*spared}:
        return parsed

    def plain(text: str) -> str:
        core = text.strip()
        if not core:
            return text
        before, _, after = text.partition(core)
        cards = known[core] if core in known else find_cards(core)
        return f"{before}{_masked(core, cards, spared)}{after}"

    masked = replace(
        message,
        from_=_without(message.from_, plain) if message.from_ else None,
        subject=plain(message.subject),
        reply_to=tuple(_without(one, plain) for one in message.reply_to),
        to=tuple(_without(one, plain) for one in message.to),
        cc=tuple(_without(one, plain) for one in message.cc),
        bcc=tuple(_without(one, plain) for one in message.bcc),
        fields=tuple(
            (name, plain(said) if name in _WRITTEN else said) for name, said in message.fields
        ),
        text=plain(message.text),
        reply_text=plain(message.reply_text),
        attachments=tuple(
            replace(one, filename=plain(one.filename), names=tuple(map(plain, one.names)))
            for one in message.attachments
        ),
        bounce=_reported(message.bounce, plain) if message.bounce else None,
        defects=(*message.defects, PAYMENT_CARD),
    )
    return replace(parsed, message=masked)


def _without(one: Address, plain: Callable[[str], str]) -> Address:
    return replace(one, name=plain(one.name))


def _reported(bounce: DeliveryReport, plain: Callable[[str], str]) -> DeliveryReport:
    return replace(
        bounce,
        recipients=tuple(
            replace(one, diagnostic=plain(one.diagnostic) if one.diagnostic else one.diagnostic)
            for one in bounce.recipients
        ),
    )


def _without_code(found: re.Match[str]) -> str:
    return f"{found['said'] or found['dated']}•••"


def _in_run(text: str, start: int, end: int) -> Iterator[Card]:
    """Yield the cards among digits that only blanks, dashes or the end of a line keep apart."""
    pieces = [one.span() for one in _PIECE.finditer(text, start, end)]
    at = 0
    while at < len(pieces):
        if pieces[at][1] - pieces[at][0] not in _FIRST:
            at += 1
            continue
        # What is as long as a card begins no groups.
        most = 1 if pieces[at][1] - pieces[at][0] in _LENGTHS else _MOST_PIECES
        count = next(
            (
                count
                for count in range(min(most, len(pieces) - at), 0, -1)
                if _is_card(text, pieces, at, count)
            ),
            0,
        )
        if count:
            first, last = pieces[at][0], pieces[at + count - 1][1]
            yield Card(first, last, _digits(text, first, last))
        at += count or 1


def _is_card(text: str, pieces: Sequence[tuple[int, int]], at: int, count: int) -> bool:
    these = pieces[at : at + count]
    lengths = tuple(end - start for start, end in these)
    if not (lengths in _GROUPS or (count == 1 and lengths[0] in _LENGTHS)):
        return False
    if count > 1 and not _stands_alone(text, pieces, at, count):
        return False
    start, end = these[0][0], these[-1][1]
    digits = _digits(text, start, end)
    sure = _is_sure(digits)
    if sure is None or not is_luhn(digits):
        return False
    return _is_meant(text, start, end, sure=sure)


def _digits(text: str, start: int, end: int) -> str:
    return "".join(_PIECE.findall(text, start, end))


def _is_sure(digits: str) -> bool | None:
    """Tell whether a number of this beginning and length is hardly anything else; None: no card."""
    for begins, sure, unsure in _NETWORKS:
        if begins.match(digits):
            if len(digits) in sure:
                return True
            if len(digits) in unsure:
                return False
    return None


def _stands_alone(text: str, pieces: Sequence[tuple[int, int]], at: int, count: int) -> bool:
    """Tell whether groups of digits are no part of a longer number in groups of four, and in one
    line, or, where there are several, broken once.
    """
    start, end = pieces[at][0], pieces[at + count - 1][1]
    if at and _is_four(pieces[at - 1]) and "\n" not in text[pieces[at - 1][1] : start]:
        return False
    if text.count("\n", start, end) > (count > _TWO):
        return False
    following = pieces[at + count : at + count + _TWO]
    if not following or not _is_four(following[0]) or "\n" in text[end : following[0][0]]:
        return True
    # When it ends, and then perhaps the three digits on its back.
    return bool(_DUE.fullmatch(text, *following[0])) and (
        len(following) < _TWO or following[1][1] - following[1][0] == _THREE
    )


def _is_four(piece: tuple[int, int]) -> bool:
    return piece[1] - piece[0] == _FOUR


def _is_meant(text: str, start: int, end: int, *, sure: bool) -> bool:
    """Tell by what stands around it that a number is a card's."""
    before, after = text[max(0, start - _NEARBY) : start], text[end : end + _NEARBY]
    lowered = before.lower()
    if _PART_OF.search(before[-_BESIDE:]) or _GOES_ON.match(after) or _ACCOUNT.search(before):
        return False
    if not sure and not _NEAR.search(lowered) and not _NEAR.search(after.lower()):
        return False
    labels = [*_LABEL.finditer(lowered)]
    label = labels[-1] if labels else None
    if label and label["card"]:
        return True
    if _NAMED.search(before[-_BESIDE:]):
        return False
    return not (label and _LEADS_TO.fullmatch(lowered[label.end() :]))


class _Links:
    """Which numbers of a text are a part of an address, of a page or of mail. Asked for one after
    the other, from left to right, so that all together cost as much as the text is long.
    """

    def __init__(self, text: str) -> None:
        self._text = text
        self._tokens = _TOKEN.finditer(text)
        self._start = self._end = 0
        self._signs = [one.start() for one in _LINK.finditer(text)]

    def hold(self, card: Card) -> bool:
        """Tell whether one stands in what no blank and no bracket takes apart."""
        first = max(self._reach(card.start + 1)[0], card.start - _LONG)
        last = min(self._reach(card.end)[1], card.end + _LONG)
        at = bisect_left(self._signs, first)
        if at < len(self._signs) and self._signs[at] < last:
            return True
        # Where values are listed, a mail address beside it is a value of its own.
        before = max(self._text.rfind(one, first, card.start) for one in ",;")
        after = _LISTED.search(self._text, card.end, last)
        nearest = (max(first, before), after.start() if after else last)
        return "@" in self._text[slice(*nearest)]

    def _reach(self, position: int) -> tuple[int, int]:
        """Return where the token begins and ends in which the character before stands."""
        while self._end < position:
            self._start, self._end = next(self._tokens).span()
        return self._start, self._end
