"""Mail as it lies in files: mbox, Maildir, and single messages, each with when it arrived.

Only read. What lies in a folder called `Sent`, in whatever language, was written by one of us; what
lies in drafts or in the waste bin was never received.
"""

import mmap
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from maildaemon.adapters.folder_names import readable_name, role_of_name
from maildaemon.mail.headers import decode_words
from maildaemon.mail.loose import parse_date
from maildaemon.ports import Role

LeftOut = Callable[[str, str], None]

_HEAD = 256_000
# A line `From …` begins a mail if a blank line stands before it and a field of a header behind it.
_BEGINS = re.compile(rb"(?:\A|\n\r?\n)(From [^\n]*\n)(?=[!-9;-~]+[ \t]*:)")
_QUOTED_FROM = re.compile(rb"^>(>*From )", re.MULTILINE)
_FIELD = re.compile(
    rb"(?:\A|\n)(received|date|x-gmail-labels)[ \t]*:((?:[^\n]|\n[ \t])*)", re.IGNORECASE
)
_END_OF_HEADER = re.compile(rb"\n\r?\n")
_LOOKS_LIKE_MAIL = re.compile(rb"[!-9;-~]+[ \t]*:|From ")
_THROWN_AWAY = (
    "trash|deleted.*|templates|outbox|papierkorb|gelöscht.*|cestino|elementi eliminati|eliminati"
    "|corbeille|éléments supprimés|papelera|elementos eliminados|eliminados|lixeira|lixo"
    "|itens excluídos|prullenbak|verwijderde items|kosz|elementy usunięte|корзина|удаленные"
    "|удалённые|кошик|видалені"
)
_ROLES = (
    (Role.SENT, re.compile(r"sent([ _-].*)?", re.IGNORECASE)),
    (Role.JUNK, re.compile(r"junk([ _-].*)?", re.IGNORECASE)),
    (Role.DRAFTS, re.compile(_THROWN_AWAY, re.IGNORECASE)),
)
_SENT_MBOX = re.compile(r"sent.*\.mbox", re.IGNORECASE)
_NO_MAIL = (".msf", ".dat", ".lock", ".json", ".yaml", ".db")


@dataclass(frozen=True, slots=True)
class Letter:
    """A mail in a file: from byte `start` on, `size` bytes (None: the whole file)."""

    name: str
    path: Path
    role: Role
    arrived_at: datetime
    start: int = 0
    size: int | None = None

    def read(self) -> bytes:
        """Return the mail; OSError if it is gone."""
        with self.path.open("rb") as file:
            file.seek(self.start)
            raw = file.read() if self.size is None else file.read(self.size)
        return raw if self.size is None else _QUOTED_FROM.sub(rb"\1", raw)


def find_letters(paths: Iterable[Path], left_out: LeftOut) -> list[Letter]:
    """Return all mails in these files and folders, as they arrived; what cannot be read is told to
    `left_out(name, why)`.
    """
    found: list[Letter] = []
    seen: set[Path] = set()
    for path in paths:
        for file, role in _files(path, _role_of_all(path), left_out):
            if (real := file.resolve()) not in seen:
                seen.add(real)
                found += _letters(file, role, left_out)
    # Of what arrived in the same second, the customer's mail came before our answer to it.
    return sorted(found, key=lambda one: (one.arrived_at, one.role is Role.SENT))


def _files(path: Path, role: Role, left_out: LeftOut) -> Iterator[tuple[Path, Role]]:
    """Yield the files that may hold mail, and what the folder is for in which they lie."""
    if role is Role.DRAFTS:
        left_out(str(path), "drafts and deleted mail were never received")
        return
    try:
        if not path.is_dir():
            yield path, role
            return
        inside = sorted(path.iterdir())
    except OSError as error:
        left_out(str(path), (error.strerror or str(error)).lower())
        return
    maildir = any(one.name in {"cur", "new"} for one in inside)
    for one in inside:
        if one.is_dir() if maildir else not _is_no_mail(one):
            yield from _files(one, _role_of(one) or role, left_out)


def _is_no_mail(path: Path) -> bool:
    if path.is_dir():
        return path.name in {"tmp", ".git"}
    return path.name.startswith(".") or path.suffix in _NO_MAIL


def _role_of_all(path: Path) -> Role:
    """Return what a file or folder is for, by its name or that of a folder around it."""
    found = (_role_of(one) for one in (path, *path.parents))
    return next((role for role in found if role), Role.INBOX)


def _role_of(path: Path) -> Role | None:
    """Return what a folder or a file is for, None if its name does not tell. A folder of a Maildir
    is called `.INBOX.Sent`, one of Thunderbird `Sent.sbd`.
    """
    name = path.name.removesuffix(".sbd")
    if _SENT_MBOX.fullmatch(name):
        return Role.SENT
    called = name.removesuffix(".mbox").rpartition(".")[2]
    found = (role for role, pattern in _ROLES if pattern.fullmatch(called))
    return next(found, None) or role_of_name(readable_name(called))


def _letters(path: Path, role: Role, left_out: LeftOut) -> Iterator[Letter]:
    try:
        with path.open("rb") as file:
            head = file.read(_HEAD)
            if head.startswith(b"From "):
                yield from _mbox(path, role, left_out)
                return
            if not _LOOKS_LIKE_MAIL.match(head):
                left_out(str(path), "this is no mail" if head else "it is empty")
                return
    except OSError as error:
        left_out(str(path), (error.strerror or str(error)).lower())
        return
    arrived_at = _arrived_at(_fields(head)) or _in_maildir(path)
    if arrived_at is None:
        left_out(str(path), "nothing tells when it arrived (no Received, no Date)")
        return
    yield Letter(str(path), path, role, arrived_at)


def _mbox(path: Path, role: Role, left_out: LeftOut) -> Iterator[Letter]:
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as mapped:
        begins = [(one.start(1), one.end(1)) for one in _BEGINS.finditer(mapped)]
        if not begins:
            left_out(str(path), "there is no mail in it")
            return
        ends = [start for start, _ in begins[1:]] + [len(mapped)]
        for number, ((line_at, start), end) in enumerate(zip(begins, ends, strict=True), 1):
            name = f"{path}#{number}"
            fields = _fields(mapped[start : min(end, start + _HEAD)])
            line = mapped[line_at:start].decode("latin-1")
            arrived_at = _arrived_at(fields) or _plausible(parse_date(" ".join(line.split()[2:])))
            labelled = _labelled(fields) if role is Role.INBOX else role
            if labelled is Role.DRAFTS:
                left_out(name, "a draft was never sent")
            elif arrived_at is None:
                left_out(name, "nothing tells when it arrived (no Received, no Date)")
            else:
                yield Letter(name, path, labelled, arrived_at, start, end - start)


def _fields(head: bytes) -> dict[bytes, str]:
    """Return the topmost of each field that tells when a mail arrived, or what it is."""
    end = _END_OF_HEADER.search(head)
    fields: dict[bytes, str] = {}
    for one in _FIELD.finditer(head, 0, end.start() if end else len(head)):
        fields.setdefault(one[1].lower(), one[2].decode("latin-1").strip())
    return fields


def arrived_at(raw: bytes) -> datetime | None:
    """Return when a message came, by its header; None if nothing tells it."""
    return _arrived_at(_fields(raw[:_HEAD]))


def _arrived_at(fields: dict[bytes, str]) -> datetime | None:
    """Return what the topmost Received says, else the Date; None if neither can be believed."""
    # RFC 5322 §3.6.7: the date stands after the last semicolon.
    received = fields.get(b"received", "").rpartition(";")[2]
    told = (_plausible(parse_date(one)) for one in (received, fields.get(b"date", "")))
    return next((at for at in told if at is not None), None)


def _labelled(fields: dict[bytes, str]) -> Role:
    """Return what Gmail's labels say, which stand in what Google gives out of a mailbox (Takeout):
    all mails in one file.
    """
    labels = decode_words(fields.get(b"x-gmail-labels", "")).split(",")
    roles = {role_of_name(one) for one in labels}
    return next((one for one in (Role.DRAFTS, Role.JUNK, Role.SENT) if one in roles), Role.INBOX)


def _in_maildir(path: Path) -> datetime | None:
    """Return when a file was delivered into a Maildir: its name begins with that second."""
    second = path.name.partition(".")[0]
    if path.parent.name not in {"cur", "new"} or not second.isascii() or not second.isdigit():
        return None
    return _plausible(datetime.fromtimestamp(int(second[:10]), UTC))


def _plausible(at: datetime | None) -> datetime | None:
    return at if at and 1970 <= at.year < 2100 else None  # noqa: PLR2004
