"""Looks into the files of one message, each by its kind, all within one budget."""

from maildaemon.domain.filenames import read_extensions
from maildaemon.domain.message import Finding, Inside
from maildaemon.mail.inside.archives import (
    is_tar,
    look_into_stream,
    look_into_tar,
    look_into_zip,
)
from maildaemon.mail.inside.budget import Budget
from maildaemon.mail.inside.look import Look, Notes
from maildaemon.mail.inside.mails import look_into_mail
from maildaemon.mail.inside.markup import DRAWING, XML, look_into_markup, markup_kind
from maildaemon.mail.inside.office import look_into_office, look_into_ole
from maildaemon.mail.inside.ole import is_ole
from maildaemon.mail.inside.pdf import look_into_pdf
from maildaemon.mail.inside.polyglots import look_for_more
from maildaemon.mail.inside.rtf import look_into_rtf
from maildaemon.mail.inside.sealed import look_into_7z, look_into_rar
from maildaemon.mail.inside.zips import has_directory
from maildaemon.mail.types import detect_type

MAIL = "message/rfc822"
_PDF = "application/pdf"
_PK = (b"PK\x03\x04", b"PK\x05\x06")
_STREAMS = {
    "application/gzip": "gzip",
    "application/x-bzip2": "bzip2",
    "application/x-xz": "xz",
}
_WHOLE = {
    "application/zip": look_into_zip,
    "application/vnd.rar": look_into_rar,
    "application/x-7z-compressed": look_into_7z,
    "application/rtf": look_into_rtf,
    MAIL: look_into_mail,
    _PDF: look_into_pdf,
}


class Search:
    """What may be looked into in one message."""

    def __init__(self, budget: Budget | None = None) -> None:
        """Begin with the whole budget."""
        self._budget = budget or Budget()

    def look(
        self, names: tuple[str, ...], kind: str | None, content: bytes
    ) -> tuple[tuple[Finding, ...], Inside | None]:
        """Return what was found in a file, and what is in it; None if that is nothing."""
        notes = Notes()
        if kind is None or kind.startswith("text/"):
            kind = markup_kind(names) or kind
        look_into(Look(self._budget, notes, _look_at_file, names), content, kind, whole=True)
        inside = Inside(
            extensions=tuple(notes.extensions),
            types=tuple(notes.types),
            files=notes.files,
            size=notes.size,
            depth=notes.depth,
        )
        return tuple(notes.findings), None if inside == Inside() else inside


def look_into(look: Look, content: bytes, kind: str | None, *, whole: bool) -> None:
    """Look into a file of this kind; nothing is done where nothing can be in it."""
    if kind is None:
        _look_at_unknown(look, content, whole=whole)
    elif kind in {XML, DRAWING}:
        look_into_markup(look, content, kind)
        if not whole:
            look.find(Finding.UNFINISHED)
    elif kind.startswith(("image/", "audio/", "video/")):
        look_for_more(look, content, kind)
    elif kind == "application/x-tar":
        look_into_tar(look, content, whole=whole)
    elif kind in _STREAMS:
        look_into_stream(look, content, _STREAMS[kind])
    elif kind in _WHOLE or content.startswith(_PK) or is_ole(content):
        if not whole:
            look.find(Finding.UNFINISHED)
        else:
            _open(look, content, kind)


def _open(look: Look, content: bytes, kind: str) -> None:
    if kind in _WHOLE:
        _WHOLE[kind](look, content)
    elif is_ole(content):
        look_into_ole(look, content)
    else:
        look_into_office(look, content)
    if kind == _PDF:
        look_for_more(look, content, kind)


def _look_at_unknown(look: Look, content: bytes, *, whole: bool) -> None:
    """Some archives show what they are only to those who try."""
    if is_tar(content):
        look_into_tar(look, content, whole=whole)
    elif has_directory(content):
        look.find(Finding.AMBIGUOUS)
        look_into_zip(look, content)


def _look_at_file(look: Look, content: bytes, whole: bool) -> None:
    """Note what a file in a file is, and look into it."""
    kind = detect_type(content)
    mail = any("eml" in read_extensions(one) for one in look.names)
    if kind is None or kind.startswith("text/"):
        kind = MAIL if mail else markup_kind(look.names) or kind
    if kind:
        look.notes.types[kind] = None
    look_into(look, content, kind, whole=whole)
