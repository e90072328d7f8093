"""The question how it went: the links that answer it, and how an answer is read.

Each link opens a mail that he only has to send; only we can have made it. Who answers by hand
writes one digit.
"""

import re
import unicodedata
from urllib.parse import quote

from maildaemon.domain.tokens import issue_rating_address, issue_rating_mark

# The best one first, as they stand in the mail.
RATINGS = (5, 4, 3, 2, 1)

# `5`, `(5)`, `5/5`, `5 = excellent`, `5 stars`; more words only where no list begins like that.
_DIGIT = re.compile(
    r"[\W_]*([1-5])"
    r"(?:\s*/\s*5|\s*=[^\d\n]{1,40}|\s+(?:stars?|stern\w*|sterren|stell[ae]|[ée]toiles?|estrell?as?|gwiazd\w*|зв[её]зд\w*|зірок|зірк\w+))?"
    r"(?:[\W_]*|\s*[,!]\s*(?P<more>[^\W\d].*)|\s+[-–—]\s+(?P<after>[^\W\d].*))",
    re.IGNORECASE,
)
_NUMBERED = re.compile(r"^\s*\d+\s*[.):–—-]", re.MULTILINE)


def rating_links(
    key: bytes, address: str, reference: str, *, plus_address: bool
) -> tuple[str, ...]:
    """Return where each rating leads: a mail to us that says nothing but the digit.

    What proves it stands in the address, where there may be such addresses, else in the subject:
    a new mail cites none of ours.
    """
    return tuple(_link(key, address, reference, one, plus_address) for one in RATINGS)


def _link(key: bytes, address: str, reference: str, rating: int, plus_address: bool) -> str:
    own = issue_rating_address(key, address, reference, rating) if plus_address else None
    subject = f"[#{reference}]"
    if own is None:
        subject += f" {issue_rating_mark(key, reference, rating)}"
    # RFC 6068 §2: what is no plain character is percent-encoded, also within the address.
    to = quote(own or address, safe="@")
    return f"mailto:{to}?subject={quote(subject, safe='')}&body={rating}"


def read_rating(text: str) -> int | None:
    """Return the rating that a text is, words beside it or not; None for any other text.

    Whoever begins a list with a digit, or says how many of something, rates nothing.
    """
    first, _, rest = text.strip().partition("\n")
    match = _DIGIT.fullmatch(_plain_digits(first.strip()))
    if match is None or _NUMBERED.search(rest):
        return None
    return int(match[1])


def words_beside(text: str, rating: int) -> str:
    """Return what somebody wrote besides this digit; empty if that was all."""
    first, _, rest = text.strip().partition("\n")
    match = _DIGIT.fullmatch(_plain_digits(first.strip()))
    if match is None or int(match[1]) != rating:
        return text.strip()
    said = match["more"] or match["after"] or ""
    return "\n".join(one for one in (said.strip(), rest.strip()) if one)


def _plain_digits(text: str) -> str:
    """Return the text with the digits of all scripts as 0 to 9."""
    if text.isascii():
        return text
    return "".join(str(unicodedata.decimal(one)) if one.isdecimal() else one for one in text)
