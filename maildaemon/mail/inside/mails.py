"""Files attached to an attached mail."""

from maildaemon.domain.message import Finding
from maildaemon.mail.inside.look import Look
from maildaemon.mail.names import collect_names
from maildaemon.mail.parameters import parse_structured
from maildaemon.mail.prescan import identity, scan
from maildaemon.mail.structure import arrange
from maildaemon.mail.tree import LimitExceededError, Tree


def look_into_mail(look: Look, content: bytes) -> None:
    """Look at the files of a mail that came as a file."""
    scanned = scan(content)
    if scanned.exceeded:
        look.find(Finding.UNFINISHED)
        return
    header = b"".join(
        name + b": " + value + b"\r\n"
        for name, value in scanned.fields
        if name.startswith(b"content-")
    )
    try:
        tree = Tree(header, scanned.body, identity(scanned))
        structure = arrange(tree)
    except LimitExceededError:
        look.find(Finding.UNFINISHED)
        return
    for leaf in structure.files:
        part = leaf.part
        names = collect_names(
            map(parse_structured, part.texts("content-disposition")),
            map(parse_structured, part.texts("content-type")),
        )
        file, _ = tree.decoded(part)
        look.file(names or _made_names(part.media_type), file)


def _made_names(media_type: str) -> tuple[str, ...]:
    return ("message.eml",) if media_type.startswith("message/") else ()
