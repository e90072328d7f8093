"""The text of a mail that somebody sent on as a file, without a word of his own."""

from dataclasses import dataclass

from maildaemon.mail.bodies import MAX_TEXT, read_text
from maildaemon.mail.files import MAILS
from maildaemon.mail.headers import decode_text
from maildaemon.mail.prescan import Scan, identity, scan
from maildaemon.mail.replies import read_reply
from maildaemon.mail.structure import Structure, arrange
from maildaemon.mail.tree import LimitExceededError, Tree

_MAX_MAILS = 5
_MAX_DEPTH = 3
_MAX_CONTENT = 2_000_000


@dataclass(frozen=True, slots=True)
class Forwarded:
    """What can be read in the mails that were sent on, and what was new in them."""

    text: str
    reply_text: str


def read_forwarded(tree: Tree, structure: Structure, *, depth: int = 0) -> Forwarded | None:
    """Return what the attached mails say, one after the other; None if they say nothing.

    What does not keep within the limits of a mail is left out: it is a file in any case.
    """
    found = [
        one for content in _attached(tree, structure) if (one := _read(content, depth)) is not None
    ]
    if not found:
        return None
    return Forwarded(
        "\n\n".join(one.text for one in found)[:MAX_TEXT],
        "\n\n".join(one.reply_text for one in found)[:MAX_TEXT],
    )


def _attached(tree: Tree, structure: Structure) -> list[bytes]:
    leaves = [leaf.part for leaf in structure.files if leaf.part.media_type in MAILS]
    return [tree.decoded(part)[0] for part in leaves[:_MAX_MAILS]]


def _read(content: bytes, depth: int) -> Forwarded | None:
    scanned = scan(content[:_MAX_CONTENT])
    if scanned.exceeded or depth >= _MAX_DEPTH:
        return None
    try:
        tree = Tree(scanned.mime_header(), scanned.body, identity(scanned))
        structure = arrange(tree)
    except LimitExceededError:
        return None
    reading = read_text(tree, structure)
    if not reading.text.strip():
        return read_forwarded(tree, structure, depth=depth + 1)
    reply = read_reply(tree, structure.bodies, reading, _subject(scanned))
    return Forwarded(reading.text.strip("\n"), reply)


def _subject(scanned: Scan) -> str:
    return next(iter(map(decode_text, scanned.values(b"subject"))), "")
