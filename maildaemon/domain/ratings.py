"""The links by which a customer says how it went: each opens a mail that he only has to send."""

import re
from urllib.parse import quote

# The best one first, as they stand in the mail.
RATINGS = (5, 4, 3, 2, 1)
_RATING = re.compile(r"\s*([1-5])(?![\d.,]?\d)\b")


def rating_links(address: str, reference: str) -> tuple[str, ...]:
    """Return where each rating leads: a mail to `address` that says nothing but the digit.

    Its subject holds the reference, because a new mail cites none of ours.
    """
    to = quote(address, safe="@")
    subject = quote(f"[#{reference}]", safe="")
    # RFC 6068 §2: what is no plain character is percent-encoded, also within the address.
    return tuple(f"mailto:{to}?subject={subject}&body={rating}" for rating in RATINGS)


def rating_in(text: str) -> int | None:
    """Return the digit with which an answer to the question begins, None if it does with none."""
    found = _RATING.match(text)
    return int(found[1]) if found else None
