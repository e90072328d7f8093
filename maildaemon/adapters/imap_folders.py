"""Which folder is for what: as configured, else as the server says, else by its name."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from imapclient import imap_utf7

from maildaemon.adapters.folder_names import WELL_KNOWN, folded
from maildaemon.errors import MailboxRefusedError, NoSuchFolderError
from maildaemon.ports import FolderName, Role


@dataclass(frozen=True, slots=True)
class WantedFolders:
    """What the operator configured; None leaves the choice to us. `others` are watched as well,
    and with `control` the folders by which staff steer.
    """

    inbox: str = "INBOX"
    sent: str | None = None
    junk: str | None = None
    drafts: str | None = None
    others: tuple[str, ...] = ()
    control: bool = False


@dataclass(frozen=True, slots=True)
class ListedFolder:
    """One line of LIST: attributes in lower case, the name in readable form."""

    attributes: frozenset[str]
    delimiter: str
    name: str

    @property
    def selectable(self) -> bool:
        return not self.attributes & {"\\noselect", "\\nonexistent"}


# RFC 6154 §2. Junk has an older spelling from XLIST.
_ATTRIBUTES = {
    Role.SENT: ("\\sent",),
    Role.JUNK: ("\\junk", "\\spam"),
    Role.DRAFTS: ("\\drafts",),
}

# A folder of that name deeper down belongs to somebody's archive.
_PARENTS = frozenset({"", "inbox", "[gmail]", "[google mail]"})


def choose_folders(
    listed: Sequence[ListedFolder], wanted: WantedFolders, where: str
) -> tuple[tuple[FolderName, ...], tuple[tuple[str, str], ...]]:
    """Return INBOX first, then the roles that were found, then the other folders to watch; and
    the configured folders that do not exist, each with advice.

    Without its inbox, or the folder in which people's answers are seen, a mailbox is not read:
    raises MailboxRefusedError, naming the folders that exist.
    """
    present = [folder for folder in listed if folder.selectable]
    chosen = [FolderName(_existing(wanted.inbox, present, where), Role.INBOX)]
    missing: dict[str, str] = {}

    def choose(role: Role, name: str | None) -> None:
        taken = {folder.name for folder in chosen}
        try:
            found = _existing(name, present, where) if name else _found(role, present, taken)
        except MailboxRefusedError as error:
            if role is Role.SENT or name is None:
                raise
            missing[name] = error.advice
            return
        if found is not None and found not in (taken if role is Role.OTHER else ()):
            chosen.append(FolderName(found, role))

    for role, name in (
        (Role.SENT, wanted.sent),
        (Role.JUNK, wanted.junk),
        (Role.DRAFTS, wanted.drafts),
        *((Role.OTHER, name) for name in wanted.others),
    ):
        choose(role, name)
    if wanted.control:
        taken = {folder.name for folder in chosen}
        steering = ((role, steering_folder(role, present)) for role in STEERING)
        chosen += [FolderName(name, role) for role, name in steering if name and name not in taken]
    return tuple(chosen), tuple(missing.items())


# Below a folder of this name; each is called so in every language, that guides may name it.
STEERING_PARENT = "Support"
STEERING = {
    Role.RESOLVED: "Resolved",
    Role.NO_AUTO: "No-auto",
    Role.URGENT: "Urgent",
    Role.WORKING: "Working",
}


def steering_folder(role: Role, present: Sequence[ListedFolder]) -> str | None:
    """Return the folder by which staff say this, None if it is not there (yet)."""
    for folder in present:
        path = [folded(one) for one in folder.name.split(folder.delimiter or "\0")]
        # Some servers keep everything below the inbox.
        path = path[1:] if path[0] == "inbox" else path
        if path == [folded(STEERING_PARENT), folded(STEERING[role])]:
            return folder.name
    return None


def _existing(name: str, present: Sequence[ListedFolder], where: str) -> str:
    # RFC 9051 §5.1: INBOX is the one name whose case does not matter; it may be left out of LIST.
    if name.upper() == "INBOX":
        return "INBOX"
    names = [folder.name for folder in present]
    if name in names:
        return name
    raise no_such_folder(name, names, where)


def no_such_folder(name: str, names: Iterable[str], where: str) -> NoSuchFolderError:
    """Return the error that tells the operator what there is to choose from."""
    return NoSuchFolderError(
        f"there is no folder named {name!r}",
        where=where,
        advice="the folders are: " + ", ".join(sorted(names)),
    )


def _found(role: Role, present: Sequence[ListedFolder], taken: set[str]) -> str | None:
    free = [folder for folder in present if folder.name not in taken and folder.name != "INBOX"]
    marked = [folder for folder in free if folder.attributes & set(_ATTRIBUTES[role])]
    # Several folders may be marked, and a marked one may be named anything.
    for folder in (*_named(role, marked), *marked, *_named(role, free)):
        return folder.name
    return None


def _named(role: Role, folders: Sequence[ListedFolder]) -> Iterator[ListedFolder]:
    """Yield the folders with a well-known name, the most common name first."""
    for name in WELL_KNOWN[role]:
        for folder in folders:
            parent, _, leaf = folder.name.rpartition(folder.delimiter or "\0")
            if folded(leaf) == name and parent.casefold() in _PARENTS:
                yield folder


def parse_listing(
    lines: Iterable[tuple[Iterable[bytes], bytes | None, bytes | str]],
) -> list[ListedFolder]:
    """Return the folders of a LIST answer whose names can be said back to the server."""
    folders = []
    for attributes, delimiter, raw in lines:
        name = _readable(raw.encode() if isinstance(raw, str) else raw)
        if name is not None:
            folders.append(
                ListedFolder(
                    frozenset(each.decode("ascii", "replace").lower() for each in attributes),
                    delimiter.decode("ascii", "replace") if delimiter else "",
                    "INBOX" if name.upper() == "INBOX" else name,
                )
            )
    return folders


def _readable(raw: bytes) -> str | None:
    # RFC 3501 §5.1.3: modified UTF-7. Old servers let through what old clients made of it.
    try:
        name: str = imap_utf7.decode(raw)
    except UnicodeError:
        return None
    return name if imap_utf7.encode(name) == raw else None
