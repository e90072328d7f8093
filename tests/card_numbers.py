"""Card numbers of every network in every way of writing, and the numbers of ordinary mails.

All of them are made up, the same ones in each run.
"""

import random
from collections.abc import Iterator, Mapping
from uuid import UUID

Beginnings = Mapping[str, tuple[tuple[str, ...], tuple[int, ...]]]

# How the numbers of a network begin, and how long they are.
BEGINNINGS: Beginnings = {
    "visa": (("4",), (16, 19)),
    "mastercard": (("51", "52", "53", "54", "55", "2221", "2300", "2599", "2720"), (16,)),
    "amex": (("34", "37"), (15,)),
    "discover": (("6011", "644", "649", "65"), (16, 19)),
    "diners": (("300", "305", "3095", "36", "38", "39"), (14, 16)),
    "jcb": (("3528", "3540", "3589"), (16, 19)),
    "unionpay": (("62",), (16, 17, 18, 19)),
    "maestro": (
        ("5018", "5020", "5038", "5893", "6304", "6390", "6759", "6761", "6763"),
        (16, 18, 19),
    ),
}
# Lengths that other numbers have more often: found beside a word of cards.
RARE: Beginnings = {"visa": (("4",), (13,)), "maestro": (("5018", "6759"), (12, 13, 14, 15))}
CONTEXTS = (
    "{}",
    "My card number is {}.",
    "Please charge {} for it, thank you",
    "Hello,\nI want to pay by card.\n\n{} 12/27 123\n\nClara",
    "Card: {}, CVV 123, exp. 09/28",
    "VISA {}",
    "Hier meine Kreditkarte: {} gültig bis 12/27",
    "Ma carte bancaire ({}) a été débitée deux fois",
    "La mia carta è {}; grazie",
    "mi tarjeta {} no funciona",
    "Номер карты {}, спасибо",
    "Numer karty: {}",
    "nr. {}",
    "creditcard {}\nvervaldatum 11/29",
    "> {}\n> Clara",
    "name=Clara&nbsp; | {} | 12/27",
    "<{}>",
    "Bank refused me twice. I have used {} and then {}",
    "order 123456, card {}",
    "Clara;{};12/27",
    "O meu cartão de crédito é {}",
    "Моя картка {} не працює",
    "My refund should go to {} please",
)
SEPARATORS = (" ", "-", "\xa0", ".", "  ", " - ", "\u2009", "–", "\u202f")


# How a row of digits is split on a card.
_SIZES = {13: (4, 3, 3, 3), 14: (4, 6, 4), 15: (4, 6, 5)}


def luhn(body: str) -> str:
    """Return the digits with their check digit."""
    doubled = (int(one) * (2 - place % 2) for place, one in enumerate(reversed(body)))
    return f"{body}{-sum(sum(divmod(one, 10)) for one in doubled) % 10}"


def grouped(digits: str, separator: str) -> str:
    """Return the digits as they stand on a card."""
    parts, at = [], 0
    for size in _SIZES.get(len(digits), (4,) * 5):
        parts.append(digits[at : at + size])
        at += size
    return separator.join(filter(None, parts))


def numbers(seed: int, each: int, kinds: Beginnings = BEGINNINGS) -> Iterator[str]:
    """Yield card numbers: `each` of every beginning and length."""
    source = random.Random(seed)
    for beginnings, lengths in kinds.values():
        for begins in beginnings:
            for length in lengths:
                for _ in range(each):
                    yield luhn(begins + _digits(source, length - 1 - len(begins)))


def ordinary(seed: int, count: int) -> Iterator[str]:
    """Yield texts with what is no card number: up to three kinds of numbers each."""
    source = random.Random(seed)
    for _ in range(count):
        kinds = source.choices(_ORDINARY, k=source.randint(1, 3))
        yield "\n".join(_filled(kind, source) for kind in kinds)


def imeis(seed: int, count: int) -> Iterator[str]:
    """Yield numbers of telephones, which have the check digit that cards have."""
    source = random.Random(seed)
    for _ in range(count):
        yield luhn(source.choice(("01", "35", "86", "99")) + _digits(source, 12))


def _digits(source: random.Random, count: int) -> str:
    return "".join(source.choices("0123456789", k=count))


def _filled(kind: str, source: random.Random) -> str:
    """Put digits in the place of each #."""
    text = "".join(_digits(source, 1) if one == "#" else one for one in kind)
    return text.replace("UUID", str(UUID(int=source.getrandbits(128))))


_ORDINARY = (
    "Where is my order ######?",
    "Where is my order ########?",
    "Where is my order ############?",
    "Where is my order ################?",
    "Bestellnummer: ################",
    "order no. ###-#######-#######",
    "IBAN DE## #### #### #### #### ##",
    "IBAN: FR## #### #### #### #### #### ###",
    "ES######################",
    "DE## 5### #### #### #### ##",
    "+##############",
    "Call me: +## ### ####### or 0##########",
    "tel. 00## #### #### ###",
    "Tracking 1Z###AA###########",
    "9### #### #### #### #### ##",
    "FedEx ############, ####################",
    "parcels ############, ############### and ######################",
    "DHL 0034################ is lost",
    "Sendungsnummer ##############",
    "the parcel #### #### #### #### #### ##",
    "tracking number ###############",
    "EAN 4############",
    "4############ ring, silver",
    "5018######### tea",
    "Printed 2026##########, ms 17###########, ns 17#################",
    "https://shop.example/p/################?id=################&t=#############",
    "see www.shop.example/################",
    "<################.########@mail.example>",
    "Message-ID: <##############.################@mail.example.org>",
    "UUID",
    "sha256 4############a####b##########",
    "#### ###, ##,## EUR, 0.################",
    "photo_#########_################_###################_n.jpg",
    "INV-################ and № 4###############",
    "Rechnung ##########, Kundennummer ########, Betrag ###,##",
    "### ##### ##,##\n## ##### #,##\n### ##### ##,##",
    "BLZ ######## Konto ##########",
    "VAT IT###########, CF RSSMRA##A##H501U",
    "S/N ################",
    "meeting id ### #### ####, passcode ######",
)
