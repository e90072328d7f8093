"""Order numbers: one form for all spellings, and check digits."""

import unicodedata

from maildaemon.domain.reading import Checksum

_DASHES = str.maketrans("‐‑‒–—−", "------")
_TEN = 10
# The digits of what a digit is when it is doubled, added up.
_DOUBLED = str.maketrans("0123456789", "0246813579")
_ELEVEN = 11
_NINETY_SEVEN = 97
_ACCOUNT_PREFIX = 4


def usual_form(text: str) -> str:
    """Return a number as it is shown and kept: capitals, plain digits, no spaces.

    Empty if there is neither a letter nor a digit in it.
    """
    characters = unicodedata.normalize("NFKC", text).translate(_DASHES).upper()
    number = "".join(_digit(one) for one in characters if not one.isspace())
    return number if any(one.isalnum() for one in number) else ""


def number_key(number: str) -> str:
    """Return the form in which two spellings of a number are equal: letters and digits alone."""
    return "".join(one for one in usual_form(number) if one.isalnum())


def proves(number: str, checksum: Checksum) -> bool:
    """Tell whether the check digits of a number fit the others."""
    key = number_key(number)
    if not key.isascii() or len(key) <= 1:
        return False
    match checksum:
        case Checksum.LUHN:
            return key.isdigit() and is_luhn(key)
        case Checksum.MOD11:
            return _mod11(key)
        case Checksum.MOD97:
            return _mod97(key)


def is_luhn(digits: str) -> bool:
    """Tell whether the last of some digits is the check digit of the others.

    ISO/IEC 7812-1: every second digit from the right, doubled, its digits added up.
    """
    plain, doubled = digits[::-2], digits[-2::-2].translate(_DOUBLED)
    return sum(map(int, plain + doubled)) % _TEN == 0


def _digit(char: str) -> str:
    return str(unicodedata.digit(char)) if char.isdigit() else char


def _mod11(key: str) -> bool:
    """Weights 2 to 10 from the right, as in book numbers (ISBN-10), then again; X is ten."""
    body, last = key[:-1], key[-1]
    if not body.isdigit() or not (last.isdigit() or last == "X"):
        return False
    weighted = (int(one) * (2 + place % 9) for place, one in enumerate(reversed(body)))
    return (sum(weighted) + (_TEN if last == "X" else int(last))) % _ELEVEN == 0


def _mod97(key: str) -> bool:
    """ISO/IEC 7064 MOD 97-10; what begins with two letters and two digits (IBAN, ISO 11649) has
    its check digits there, letters count from 10 for A.
    """
    if key[:2].isalpha() and key[2:_ACCOUNT_PREFIX].isdigit():
        key = key[_ACCOUNT_PREFIX:] + key[:_ACCOUNT_PREFIX]
    return int("".join(str(int(one, 36)) for one in key)) % _NINETY_SEVEN == 1
