"""Mistakes that show only when several options are seen together.

They are looked for in the texts of the file, not in the finished settings, so that they are
found in the same run as every other mistake.
"""

from collections.abc import Iterator
from pathlib import Path

from maildaemon.domain.policy import Reads
from maildaemon.settings.document import Block, Document, Loc
from maildaemon.settings.policy_consistency import policy_mistakes

_OF_SENDERS = ("smtp", "mode", "policy")

_Texts = Iterator[tuple[Loc, str]]


def check_consistency(document: Document, folder: Path) -> None:
    """Add every contradiction to the problems of the document."""
    for loc, message in (
        *_names(document.root),
        *_addresses(document.root),
        *_accounts(document.root),
        *_sending(document.root),
        *policy_mistakes(document.root, folder),
    ):
        if loc not in document.broken:
            document.complain(loc, message)


def _names(root: Block) -> _Texts:
    seen: dict[str, Loc] = {}
    for loc, name in _each(root, "name"):
        if name in seen:
            yield loc, f"another mailbox is called `{name}` too; records are kept by name"
        seen.setdefault(name, loc)


def _addresses(root: Block) -> _Texts:
    ours: set[str] = set()
    for loc, address in (*_each(root, "address"), *_each(root, "aliases")):
        if address in ours:
            yield loc, f"`{address}` is given twice; an address belongs to one mailbox, once"
        ours.add(address)
    # Of a colleague's own account the Inbox is never read: she may well be warned there.
    mailboxes = ours - _addresses_of_colleagues(root)
    for loc, address in _each(root, "staff"):
        if address in mailboxes:
            yield (
                loc,
                f"`{address}` is our own address: a mailbox here has it; take it out of `staff`",
            )


def _addresses_of_colleagues(root: Block) -> set[str]:
    own = {loc[:2] for loc, reads in _each(root, "reads") if reads == Reads.SENT_ONLY}
    given = (*_each(root, "address"), *_each(root, "aliases"))
    return {address for loc, address in given if loc[:2] in own}


def _accounts(root: Block) -> _Texts:
    seen: set[tuple[str, str]] = set()
    hosts = dict(_each(root, "imap", "host"))
    for loc, username in _each(root, "imap", "username"):
        account = (hosts.get((*loc[:-1], "host"), ""), username)
        if account in seen:
            yield loc, "another mailbox reads this account already; every mail would come twice"
        seen.add(account)


def _sending(root: Block) -> _Texts:
    """Yield what lacks a way to send, and what would send although nothing may be sent for it."""
    mailboxes = root.get("mailboxes")
    for index, mailbox in enumerate(mailboxes if isinstance(mailboxes, list) else ()):
        if not isinstance(mailbox, Block):
            continue
        loc: Loc = ("mailboxes", index)
        if _same(mailbox.get("reads")) == Reads.SENT_ONLY:
            for name in (one for one in _OF_SENDERS if one in mailbox):
                words = "nothing is ever sent for an account of which `sent_only` is read"
                yield (*loc, name), f"{words}; take `{name}` out"
        elif mailbox.get("smtp") is None:
            yield (
                (*loc, "smtp"),
                "`smtp` is missing; add for example `smtp: {host: mail.example.com}`",
            )
        if "mode" in mailbox and "mode" in (_as_block(mailbox.get("policy"))):
            yield (*loc, "policy", "mode"), "`mode` is also given beside `policy`; keep one"


def _each(root: Block, *names: str) -> _Texts:
    """Yield where an option stands in each mailbox, and its text; each text of a list."""
    mailboxes = root.get("mailboxes")
    for index in range(len(mailboxes) if isinstance(mailboxes, list) else 0):
        loc: Loc = ("mailboxes", index, *names)
        value: object = root
        for piece in loc:
            value = _under(value, piece)
        if isinstance(value, list):
            texts = ((at, text) for at, text in enumerate(value) if isinstance(text, str))
            yield from (((*loc, at), _same(text)) for at, text in texts)
        elif isinstance(value, str):
            yield loc, _same(value)


def _under(value: object, piece: str | int) -> object:
    if isinstance(value, Block) and isinstance(piece, str):
        return value.get(piece)
    return value[piece] if isinstance(value, list) and isinstance(piece, int) else None


def _as_block(value: object) -> Block:
    return value if isinstance(value, Block) else Block()


def _same(text: object) -> str:
    """Return the form in which two spellings are equal."""
    return str(text).strip().lower()
