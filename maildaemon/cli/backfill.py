"""`maildaemon backfill`: import the history of a mailbox, silently."""

from contextlib import ExitStack
from datetime import datetime
from typing import TYPE_CHECKING

import click

from maildaemon.cli.invocation import Invocation, choose_mailbox
from maildaemon.cli.output import note, plain, say
from maildaemon.cli.progress import show_progress
from maildaemon.cli.teach import examples
from maildaemon.cli.values import Instant
from maildaemon.errors import AlreadyRunningError

if TYPE_CHECKING:
    from maildaemon.bootstrap import Tools
    from maildaemon.services.desk import Desk
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
@click.option("--mailbox", metavar="NAME", help="Only this mailbox; all by default.")
@click.pass_obj
def backfill(invocation: Invocation, *, since: datetime, mailbox: str | None) -> None:
    """Record the mails of earlier days, without answering any.

    Old conversations are known from then on. May be broken off and repeated: what is recorded
    is not fetched again. A running daemon may go on beside it, and then processes what was
    recorded; if none is running, it is processed here.
    """
    settings = invocation.settings()
    chosen = settings.mailboxes if mailbox is None else (choose_mailbox(settings, mailbox),)

    from maildaemon.adapters.installation import only_one
    from maildaemon.adapters.log import set_up_log
    from maildaemon.bootstrap import open_tools

    # One line a message would drown the progress; warnings are still told.
    set_up_log(json_lines=False, level="warning")
    with ExitStack() as stack:
        try:
            stack.enter_context(only_one(settings.service.data_dir))
            alone = True
        except AlreadyRunningError:
            note("a daemon is running: it processes what is recorded here")
            alone = False
        tools = stack.enter_context(open_tools(settings))
        for one in chosen:
            _record(tools, one, since, alone=alone)


def _record(tools: "Tools", mailbox: "MailboxSettings", since: datetime, *, alone: bool) -> None:
    from maildaemon.adapters.clock import utc_now
    from maildaemon.bootstrap import make_desk, make_mailbox
    from maildaemon.services.receive import backfill as record_history
    from maildaemon.services.receive import start_mailbox

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
    say(f"{plain(mailbox.name)}: {new} recorded")
    if alone:
        _process(tools, desk)


def _process(tools: "Tools", desk: "Desk") -> None:
    from maildaemon.adapters.clock import utc_now
    from maildaemon.services.process import process_next

    done = 0
    with show_progress("messages") as progress:
        while moved := process_next(
            tools.store,
            tools.parser,
            tools.composer,
            tools.blobs,
            tools.files,
            desk,
            utc_now,
        ):
            done += moved
            progress("processed", done, done)
    say(f"{plain(desk.policy.mailbox)}: {done} processed")
