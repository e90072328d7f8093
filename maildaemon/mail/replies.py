"""Which of the two texts of a mail tells better what is new in it."""

import re

from maildaemon.mail.bodies import Reading, page_source
from maildaemon.mail.quotes import cut, is_forwarding
from maildaemon.mail.structure import Body
from maildaemon.mail.text import html_to_marked_text
from maildaemon.mail.tree import Tree

_MAX_HTML = 300_000
_SAME = 0.9

_QUOTES = (
    *("<blockquote", "gmail_quote", "yahoo_quoted", "divrplyfwdmsg", "appendonsend"),
    *("protonmail_quote", "moz-cite", "olk_src_body", "outlookmessageheader", "border-top"),
    *("zmail_extra", "tutanota_quote", "reference-message", "mail-quote", "reply-intro"),
    "messagereplysection",
)
_WORD = re.compile(r"\w+")


def read_reply(tree: Tree, bodies: tuple[Body, ...], reading: Reading, subject: str) -> str:
    """Return what is new in a message.

    Plain text is taken where it shows what was quoted. Where it does not and the HTML beside it
    does, and both say the same, the HTML is.
    """
    forwarded = is_forwarding(subject)
    plain = cut(reading.marked, forwarded=forwarded)
    if plain.quoted or forwarded or len(bodies) != 1 or not bodies[0].plain:
        return plain.text
    for part in bodies[0].html:
        source = page_source(tree, part)[:_MAX_HTML]
        lowered = source.lower()
        if not any(map(lowered.__contains__, _QUOTES)):
            continue
        marked, _ = html_to_marked_text(source)
        page = cut(marked)
        if page.quoted and _says_the_same(plain.text, marked, page.text):
            return page.text
    return plain.text


def _says_the_same(plain: str, marked: str, new: str) -> bool:
    """Tell whether a stranger's two texts agree, so that the shorter one hides nothing."""
    return _share(plain, marked) >= _SAME and _share(new, plain) >= _SAME


def _share(part: str, whole: str) -> float:
    words = _words(part)
    return len(words & _words(whole)) / len(words) if words else 1.0


def _words(text: str) -> set[str]:
    return {word.lower() for word in _WORD.findall(text)}
