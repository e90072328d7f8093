"""What is in archives: names, links and contents, each judged as if it came by itself."""

from maildaemon.domain.filenames import escapes, hides_something
from maildaemon.domain.message import Finding
from maildaemon.mail.inside.budget import KEPT
from maildaemon.mail.inside.look import Look
from maildaemon.mail.inside.tars import read_members
from maildaemon.mail.inside.unpack import Unpacked, unpack
from maildaemon.mail.inside.zips import Entry, read_directory

_HEAD = 4096
_MOST_KEPT = 4 * KEPT
_LINK = 4096
_MEMBERS = 64
_STARTS = {"gzip": b"\x1f\x8b", "bzip2": b"BZh", "xz": b"\xfd7zXZ"}


def look_into_zip(look: Look, content: bytes) -> None:
    """Look at every file of a ZIP archive."""
    directory = read_directory(content, look.budget.entries)
    look.find(*directory.findings)
    if directory.count > len(directory.entries):
        look.find(Finding.UNFINISHED)
    size = sum(one.size for one in directory.entries)
    inner = look.archive(directory.count, size)
    # Far too much of it: the beginning of each file tells what it is.
    briefly = max(size, look.notes.size) > look.budget.left
    if briefly:
        look.find(Finding.UNFINISHED)
    for entry in directory.entries:
        _look_at_entry(inner, content, entry, briefly=briefly)


def _look_at_entry(look: Look, content: bytes, entry: Entry, *, briefly: bool) -> None:
    _check_names(look, entry.names)
    if entry.is_folder:
        return
    if entry.encrypted or entry.method is None:
        look.name(entry.names)
        look.find(Finding.ENCRYPTED if entry.encrypted else Finding.UNFINISHED)
        return
    got = open_entry(look, content, entry, _HEAD if briefly else KEPT)
    if entry.is_link and escapes(got.content[:_LINK].decode("utf-8", "replace")):
        look.find(Finding.ESCAPING_NAMES)
    look.file(entry.names, got.content, whole=got.whole)


def open_entry(look: Look, content: bytes, entry: Entry, keep: int = KEPT) -> Unpacked:
    """Return a file of a ZIP archive, and note whether it is what the directory told."""
    packed = content[entry.begins_at : entry.begins_at + entry.packed]
    most = min(entry.size, keep) if keep < KEPT else entry.size
    got = unpack(packed, entry.method or "stored", look.budget, most=most, keep=keep)
    if got.size > entry.size:
        look.find(Finding.OVERLAPPING)
    elif not got.sound or (got.finished and got.size < entry.size):
        look.find(Finding.UNREADABLE)
    elif not look.budget.left:
        look.find(Finding.UNFINISHED)
    return got


def look_into_tar(look: Look, content: bytes, *, whole: bool = True) -> None:
    """Look at every file of a tar archive."""
    if not whole:
        look.find(Finding.UNFINISHED)
    inner = look.archive(0, 0)
    for member in read_members(content):
        if member is None:
            look.find(Finding.UNREADABLE)
            return
        look.notes.files += 1
        look.notes.size += member.size if member.target is None else 0
        _check_names(look, (member.name, *((member.target,) if member.target else ())))
        if member.is_device:
            look.find(Finding.ESCAPING_NAMES)
        if member.target is not None or member.is_device:
            continue
        if look.budget.entries <= 0:
            look.find(Finding.UNFINISHED)
            return
        file = content[member.begins_at : member.begins_at + min(member.size, KEPT)]
        look.budget.spend(len(file) // 8)
        inner.file((member.name,), file, whole=len(file) == member.size)


def look_into_stream(look: Look, content: bytes, method: str) -> None:
    """Look at what was packed alone (gzip, bzip2, xz), often a tar archive."""
    pieces: list[bytes] = []
    size, room, rest = 0, _MOST_KEPT if look.level == 0 else KEPT, content
    for _ in range(_MEMBERS):
        got = unpack(rest, method, look.budget, keep=room)
        pieces.append(got.content)
        size, room = size + got.size, room - len(got.content)
        rest = rest[len(rest) - got.rest :] if got.rest else b""
        if not got.sound:
            look.find(Finding.UNREADABLE)
        elif not got.finished:
            look.find(Finding.UNFINISHED)
        if not rest.startswith(_STARTS[method]):
            break
    else:
        look.find(Finding.UNFINISHED)
    unpacked = b"".join(pieces)
    whole = len(unpacked) == size and not rest.startswith(_STARTS[method])
    if is_tar(unpacked):
        look.notes.size = max(look.notes.size, size)
        look_into_tar(look, unpacked, whole=whole)
        return
    inner = look.archive(1, size)
    inner.file(_inner_names(look.names, content), unpacked, whole=whole)


def is_tar(content: bytes) -> bool:
    """Tell whether this is a tar archive; one of the old kind says so by its sum only."""
    if content[257:262] == b"ustar":
        return True
    first = next(read_members(content[:1024]), None)
    return len(content) >= 512 and first is not None and bool(first.name)  # noqa: PLR2004 - a block


def _inner_names(names: tuple[str, ...], content: bytes) -> tuple[str, ...]:
    """Return what the file is called once unpacked: the name without its end, or one it carries."""
    stems = [name.rpartition(".")[0] for name in names if "." in name]
    if content.startswith(b"\x1f\x8b\x08\x08"):
        # RFC 1952 §2.3.1: with FLG.FNAME alone the original name stands right after the header.
        stems.append(content[10:266].split(b"\x00", 1)[0].decode("latin-1"))
    return tuple(stem for stem in stems if stem)


def _check_names(look: Look, names: tuple[str, ...]) -> None:
    if any(map(escapes, names)):
        look.find(Finding.ESCAPING_NAMES)
    if any(map(hides_something, names)):
        look.find(Finding.HIDDEN_CHARACTERS)
