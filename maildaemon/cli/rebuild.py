"""`maildaemon rebuild`: make the records anew from the mailbox and the kept bytes."""

from contextlib import ExitStack
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

import click

from maildaemon.cli.exits import WrongRequestError
from maildaemon.cli.invocation import Invocation
from maildaemon.cli.output import json_option, note, plain, put_json, say
from maildaemon.cli.progress import Progress, show_progress
from maildaemon.cli.teach import examples
from maildaemon.cli.works import process_all, working

if TYPE_CHECKING:
    from maildaemon.bootstrap import Tools
    from maildaemon.ports.rebuild import Holdings
    from maildaemon.services.desk import Desk
    from maildaemon.settings import MailboxSettings, Settings

# What neither the mailbox nor the kept bytes can tell.
NOT_RESTORED = (
    "what people said by command: notes, assignments, mutes, merges, resolved or in work by hand",
    "mails that were queued and not sent, and which senders were muted or undeliverable",
    "timers and promised dates: of what was asked before now nobody is reminded",
    "what exactly automatic mails said: each response counts as an acknowledgement",
    "answers in colleagues' own accounts (`reads: sent_only`)",
    "brakes, alarms, reports of deliveries, and when things were done",
)


@click.command(epilog=examples("maildaemon rebuild", "maildaemon rebuild --force"))
@click.option(
    "--force", is_flag=True, help="Although there are records: the SQLite file is put aside first."
)
@json_option
@click.pass_obj
def rebuild(invocation: Invocation, *, force: bool, as_json: bool) -> None:
    """Make the records anew, when the database is lost or damaged.

    Reads all mail that lies in the watched folders, and all bytes of mails that are kept in the
    data folder: messages, conversations, whose turn it is, and what we have sent, by its copies in
    Sent. Nothing of it is answered, ever. The daemon must be stopped; the key in the data folder
    must be the old one. May be broken off and repeated: it goes on where it was. A database that
    holds records is never written over; --force puts the file aside and keeps it.
    """
    settings = invocation.settings()
    if not (ours := tuple(one for one in settings.mailboxes if one.reads == "all")):
        raise WrongRequestError("there is no mailbox that is read as a whole", "configure one")
    with _alone(settings) as stack:
        _make_room(settings, force=force)
        tools, _ = stack.enter_context(working(settings, locked=True))
        _note(tools, "under way")
        done = _rebuild(tools, ours)
        _note(tools, "")
    for one in done:
        put_json(one.as_object()) if as_json else _tell(one)
    if as_json:
        put_json({"not_restored": NOT_RESTORED})
        return
    say("not restored, for nothing tells of it:")
    for what in NOT_RESTORED:
        say(f"  {what}")
    say("see whether all is there: maildaemon audit --since 2000-01-01")


@dataclass(frozen=True, slots=True)
class _Done:
    """What there is now of a mailbox. `recorded`: how much of it by this call."""

    mailbox: str
    recorded: int
    holdings: "Holdings"

    def as_object(self) -> dict[str, object]:
        return {"mailbox": self.mailbox, "recorded": self.recorded, **asdict(self.holdings)}


def _alone(settings: "Settings") -> ExitStack:
    """Hold what a daemon would hold."""
    from maildaemon.locks import alone

    with ExitStack() as stack:
        stack.enter_context(alone(settings))
        return stack.pop_all()


def _make_room(settings: "Settings", *, force: bool) -> None:
    from maildaemon.adapters.clock import utc_now
    from maildaemon.adapters.installation import has_key
    from maildaemon.adapters.sql.reading import place_of
    from maildaemon.adapters.sql.room import Found, put_aside, what_stands_there

    url = settings.database.url
    if not has_key(settings.service.data_dir):
        note("there is no key in the data folder: mails that were sent with the lost one are not")
        note("known as ours; stop here (Ctrl-C) and restore it, if there is a backup")
    match what_stands_there(url):
        case Found.NOTHING:
            return
        case Found.UNDER_WAY:
            note("a rebuild was broken off: it goes on where it was")
        case found if force:
            aside = put_aside(url, utc_now())
            note(f"the database ({found.value}) is now {aside}")
        case found:
            what = "holds records" if found is Found.RECORDS else "is no database that can be read"
            raise WrongRequestError(
                f"{place_of(url)} {what}; nothing has been changed",
                "see `maildaemon db check`; to make the records anew all the same: "
                "maildaemon rebuild --force (the file is kept beside the new one), or name "
                "another database in `database.url`",
            )


def _note(tools: "Tools", state: str) -> None:
    from maildaemon.adapters.sql.room import UNDER_WAY

    with tools.store.begin() as tx:
        tx.brakes.keep_fact(UNDER_WAY, state)


def _rebuild(tools: "Tools", mailboxes: "tuple[MailboxSettings, ...]") -> list[_Done]:
    from maildaemon.adapters.clock import utc_now
    from maildaemon.adapters.mail_files import arrived_at
    from maildaemon.bootstrap import make_desk
    from maildaemon.services.rebuild import conclude, record_kept

    desks = [make_desk(tools.store, tools.settings, one, tools.key) for one in mailboxes]
    with show_progress("messages") as progress:
        recorded = [
            _record(tools, one, desk, progress) for one, desk in zip(mailboxes, desks, strict=True)
        ]
        record_kept(tools.store, tools.blobs, tools.parser, desks, arrived_at, utc_now, progress)
    done = []
    for desk, count in zip(desks, recorded, strict=True):
        process_all(tools, desk)
        done.append(_Done(desk.policy.mailbox, count, conclude(tools.store, desk, utc_now)))
    return done


def _record(tools: "Tools", mailbox: "MailboxSettings", desk: "Desk", progress: Progress) -> int:
    from maildaemon.adapters.clock import utc_now
    from maildaemon.bootstrap import make_mailbox
    from maildaemon.services.rebuild import record_mailbox

    connection = make_mailbox(tools.settings, mailbox)
    try:
        return record_mailbox(
            tools.store, connection, tools.blobs, tools.parser, desk, utc_now, progress
        )
    finally:
        connection.close()


def _tell(one: _Done) -> None:
    held = one.holdings
    say(f"{plain(one.mailbox)}: {held.messages} messages in {held.threads} conversations")
    say(f"    {held.open} in which it is our turn, {held.pending} that wait for the customer")
    say(f"    {held.ours} mails that we have sent are known by their copies in Sent")
    if held.parked:
        say(f"    {held.parked} could not be processed: maildaemon parked list")
