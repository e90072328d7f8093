"""Who wrote a message to whom, by its header alone: for bytes that nobody has read yet."""

from maildaemon.mail.headers import decode_raw
from maildaemon.mail.loose import ADDRESS_FIELDS, parse_addressing_loosely
from maildaemon.mail.prescan import scan


def read_people(raw: bytes) -> tuple[frozenset[str], frozenset[str]]:
    """Return the addresses of all authors and of all recipients, in lower case. Total and linear:
    it may be given any bytes.
    """
    scanned = scan(raw)
    found = parse_addressing_loosely(
        {
            name: tuple(decode_raw(value, None) for value in scanned.values(name.encode("ascii")))
            for name in ADDRESS_FIELDS
        }
    )
    authors, recipients = (found.from_, (*found.to, *found.cc, *found.bcc))
    return (
        frozenset(one.address.lower() for one in authors),
        frozenset(one.address.lower() for one in recipients),
    )
