"""Deletes in the mailbox what a person wrote and was written, if that is asked for explicitly.

What is deleted is named by the records: folder, UIDVALIDITY, UID. Each message is read once more
before, and goes only if it is the recorded one, and nobody but he and we took part in it. The
mailbox comes first, then the records: whatever dies, or cannot be done now, the records still name
what is left.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import groupby

from maildaemon.domain.reading import Reading
from maildaemon.errors import MailboxRefusedError
from maildaemon.ports import Mailbox, Parser
from maildaemon.services.desk import log
from maildaemon.services.erase import Places, Plan

GONE = "it is not there any more: deleted, or moved"
RENUMBERED = "the server has numbered the folder anew since it was recorded"
ANOTHER = "the server shows another message there than the one recorded"
UNTOLD = "who takes part in it cannot be told: not all of its header can be read"
ASIDE = "he stands in none of From, To and Cc: look yourself whether it is his"
NOT_OPENED = "the server does not open its folder"
NOT_DELETED = "the server has not deleted it"
OUT_OF_REACH = "it lies in an account that is not read as a mailbox of yours"
NAMELESS = "it has no Message-ID by which it could be known again"


@dataclass(frozen=True, slots=True)
class Copy:
    """Where, by the records, a message lies. `why_not`: why it stays; None: it may be deleted."""

    mailbox: str
    folder: str
    uidvalidity: int
    uid: int
    message_id: str
    received_at: datetime
    why_not: str | None = None

    @property
    def place(self) -> tuple[str, int]:
        """Return the folder as its UIDs are meant."""
        return self.folder, self.uidvalidity


def find_copies(places: Places, plan: Plan) -> tuple[Copy, ...]:
    """Return where the records say that his mails lie, folder by folder, with those of which others
    are a part as well.
    """
    with places.store.read() as tx:
        personal = tx.persons.read(plan.personal.addresses)
        folders = {
            folder.folder_id: (row.name, folder.name)
            for row in tx.mailboxes.all()
            for folder in tx.mailboxes.folders(row.mailbox_id)
        }
    ids = {row["id"]: row["message_id"] for row in personal.of("message")}
    rows = personal.of("inbound")
    # An older numbering of what is known by a newer one tells nothing.
    newest = {(row["message_id"], row["folder_id"]): row["uidvalidity"] for row in rows}
    found = (
        Copy(
            *folders[row["folder_id"]],
            row["uidvalidity"],
            row["uid"],
            ids[row["message_id"]],
            row["received_at"],
        )
        for row in rows
        if row["uidvalidity"] == newest[row["message_id"], row["folder_id"]]
    )
    return tuple(sorted(found, key=lambda one: (one.mailbox, one.place, one.uid)))


def judge_copies(
    places: Places,
    mailboxes: Mapping[str, Mailbox],
    parser: Parser,
    plan: Plan,
    copies: Sequence[Copy],
) -> tuple[Copy, ...]:
    """Return the copies with why each is not deleted; the mailbox is only looked at. Raises what
    the mailbox raises.
    """
    judged: list[Copy] = []
    for name, of_mailbox in groupby(copies, key=lambda one: one.mailbox):
        if mailbox := mailboxes.get(name):
            mailbox.can_delete()  # whoever refuses us altogether says so here, not folder by folder
            for _, some in groupby(of_mailbox, key=lambda one: one.place):
                judged += _judged(places, mailbox, parser, plan, tuple(some))
        else:
            judged += (replace(one, why_not=OUT_OF_REACH) for one in of_mailbox)
    return tuple(judged)


def require_able(mailbox: Mailbox, name: str) -> None:
    """Raise MailboxRefusedError if the server cannot delete single messages (RFC 4315): then nobody
    could say that nothing else goes.
    """
    if not mailbox.can_delete():
        raise MailboxRefusedError(
            "the server cannot delete single messages (it has no UIDPLUS)",
            where=name,
            advice="see with --dry-run what it would be, delete that in your mail program, and "
            "erase without --in-mailbox",
        )


def delete_copies(
    places: Places,
    mailboxes: Mapping[str, Mailbox],
    parser: Parser,
    plan: Plan,
    shown: Sequence[Copy],
) -> tuple[Copy, ...]:
    """Delete what was shown, as far as it still may be; return them with why some are left.

    Each is looked at once more, right before. If that breaks off, what is gone is gone, and the
    same call does the rest. Raises what the mailbox raises.
    """
    done: list[Copy] = []
    wanted = [one for one in shown if one.why_not is None]
    for (name, (folder, _)), some in groupby(wanted, key=lambda one: (one.mailbox, one.place)):
        mailbox = mailboxes[name]
        require_able(mailbox, name)
        judged = tuple(_judged(places, mailbox, parser, plan, tuple(some)))
        uids = [one.uid for one in judged if one.why_not is None]
        for uid in uids:
            mailbox.delete(folder, uid)
        left = {one.uid for one in mailbox.fetch_headers(folder, uids)} if uids else set()
        log("mailbox.erased", mailbox=name, folder=folder, messages=len({*uids} - left))
        done += (replace(one, why_not=NOT_DELETED) if one.uid in left else one for one in judged)
    return (*done, *(one for one in shown if one.why_not is not None))


def unsettled(copies: Sequence[Copy]) -> tuple[Copy, ...]:
    """Return those that may lie where they did, and go the next time: until then the records, which
    alone name them, are to stay.
    """
    whys = (RENUMBERED, NOT_OPENED, NOT_DELETED)
    return tuple(one for one in copies if one.why_not and one.why_not.startswith(whys))


def _judged(
    places: Places, mailbox: Mailbox, parser: Parser, plan: Plan, copies: Sequence[Copy]
) -> Iterator[Copy]:
    """Yield the copies of one folder with why each stays."""
    folder, uidvalidity = copies[0].place
    try:
        state = mailbox.examine(folder)
    except MailboxRefusedError as error:
        yield from (replace(one, why_not=f"{NOT_OPENED}: {error.what}") for one in copies)
        return
    if state.uidvalidity != uidvalidity:
        yield from (replace(one, why_not=RENUMBERED) for one in copies)
        return
    uids = [one.uid for one in copies]
    heads = {one.uid: one.raw for one in mailbox.fetch_headers(folder, uids)}
    for one in copies:
        yield replace(one, why_not=_why_not(places, parser, plan, one, heads.get(one.uid)))


def _why_not(
    places: Places, parser: Parser, plan: Plan, copy: Copy, head: bytes | None
) -> str | None:
    if head is None:
        return GONE
    if not any(line.lower().startswith(b"message-id:") for line in head.splitlines()):
        return NAMELESS
    if parser.parse(head.strip() + b"\r\n\r\n", Reading()).message.message_id != copy.message_id:
        return ANOTHER
    people = places.people(head)
    his = frozenset(plan.personal.addresses)
    between = people.authors | people.recipients
    everybody = between | people.aside
    others = sorted(one for one in everybody - his if not _is_ours(one, plan.ours))
    if others:
        return f"others take part: {', '.join(others)}"
    # What cannot be read may be somebody's name.
    if not people.authors or not people.is_whole:
        return UNTOLD
    return None if his & between else ASIDE


def _is_ours(address: str, ours: Collection[str]) -> bool:
    """Tell whether an address is ours, with a tag (support+…@) or without."""
    local, _, domain = address.rpartition("@")
    return address in ours or f"{local.partition('+')[0]}@{domain}" in ours
