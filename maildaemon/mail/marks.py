"""What HTML says of a line, beside its text: one character in front of it.

Unicode has set these apart as never to be text. They are taken out of whatever a stranger sends
and out of what is stored; only the scanner for quotes sees them.
"""

QUOTED = "\ufdd0"  # in a container in which mail programs put what they quote
ATTRIBUTION = "\ufdd1"  # what a mail program wrote above a quote
SIGNATURE = "\ufdd2"
OLD = "\ufdd3"  # from here on, all is the old message

MARKS = frozenset((QUOTED, ATTRIBUTION, SIGNATURE, OLD))
_TAKEN_OUT = {ord(mark): None for mark in MARKS}


def unmarked(text: str) -> str:
    """Return the text alone."""
    if text.isascii() or not any(map(text.__contains__, MARKS)):
        return text
    return text.translate(_TAKEN_OUT)
