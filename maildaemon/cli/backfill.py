"""`maildaemon backfill`: import the history of a mailbox, silently."""

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

import click

from maildaemon.cli.exits import Exit, WrongRequestError, complain, exit_for
from maildaemon.cli.invocation import Invocation, choose_mailbox
from maildaemon.cli.output import json_option, mailbox_option, note, plain, put_json, say
from maildaemon.cli.progress import show_progress
from maildaemon.cli.teach import examples
from maildaemon.cli.values import Instant
from maildaemon.cli.works import process_all, working
from maildaemon.errors import MaildaemonError

if TYPE_CHECKING:
    from maildaemon.bootstrap import Tools
    from maildaemon.settings import MailboxSettings


@click.command(
    epilog=examples(
        "maildaemon backfill --since 2026-01-01",
        "maildaemon backfill --since 2026-01-01 --mailbox support",
    )
)
@click.option(
    "--since", type=Instant(), required=True, metavar="DATE", help="How far back: 2026-01-01."
)
@mailbox_option
@json_option
@click.pass_obj
def backfill(invocation: Invocation, *, since: datetime, mailbox: str | None, as_json: bool) -> int:
    """Record the mails of earlier days, without answering any.

    Old conversations are known from then on. May be broken off and repeated: what is recorded
    is not fetched again. A running daemon may go on beside it, and then processes what was
    recorded; if none is running, it is processed here. Trouble with one mailbox does not keep it
    from the others.
    """
    settings = invocation.settings()
    chosen = settings.mailboxes if mailbox is None else (choose_mailbox(settings, mailbox),)
    # What lies in a colleague's own account is private, but for answers to mailboxes of ours.
    if not (chosen := tuple(one for one in chosen if one.reads == "all")):
        raise WrongRequestError(
            f"{mailbox} is a colleague's own account: nothing of its past is read",
            "name a mailbox without `reads: sent_only`",
        )

    code: int = Exit.OK
    with working(settings) as (tools, alone):
        if not alone:
            note("a daemon is running: it processes what is recorded here")
        for one in chosen:
            try:
                done = _import(tools, one, since, alone=alone)
            except MaildaemonError as error:
                complain(error, about=one.name)
                code = max(code, exit_for(error))
                continue
            _tell(done, as_json=as_json)
    return code


@dataclass(frozen=True, slots=True)
class _Done:
    """How much was new; `processed` None: a running daemon does it."""

    mailbox: str
    recorded: int
    processed: int | None


def _tell(done: _Done, *, as_json: bool) -> None:
    if as_json:
        put_json(done)
        return
    say(f"{plain(done.mailbox)}: {done.recorded} recorded")
    if done.processed is not None:
        say(f"{plain(done.mailbox)}: {done.processed} processed")


def _import(tools: "Tools", mailbox: "MailboxSettings", since: datetime, *, alone: bool) -> _Done:
    from maildaemon.adapters.clock import utc_now
    from maildaemon.bootstrap import make_desk, make_mailbox
    from maildaemon.services.first_start import start_mailbox
    from maildaemon.services.receive import backfill as record_history

    desk = make_desk(tools.store, tools.settings, mailbox, tools.key)
    connection = make_mailbox(tools.settings, mailbox)
    try:
        # Without cursors it could not tell what is history and what is new.
        start_mailbox(tools.store, connection, tools.parser, desk, utc_now)
        with show_progress("messages") as progress:
            new = record_history(
                tools.store, connection, tools.blobs, desk, since, utc_now, progress
            )
    finally:
        connection.close()
    return _Done(mailbox.name, new, process_all(tools, desk) if alone else None)
