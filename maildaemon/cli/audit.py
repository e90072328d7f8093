"""`maildaemon audit`: hold the mailbox against the records."""

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

import click

from maildaemon.cli.chain import audit_chain
from maildaemon.cli.exits import Exit, WrongRequestError, complain, exit_for
from maildaemon.cli.invocation import Invocation, choose_mailbox
from maildaemon.cli.output import (
    json_option,
    local,
    mailbox_option,
    mark,
    note,
    plain,
    put_json,
    say,
)
from maildaemon.cli.teach import examples
from maildaemon.cli.values import Past
from maildaemon.cli.works import process_all, working
from maildaemon.domain.audit import ADVICE, MENDED, WHAT, Fault, Finding
from maildaemon.errors import MaildaemonError

if TYPE_CHECKING:
    from maildaemon.adapters.imap import ImapMailbox
    from maildaemon.bootstrap import Tools
    from maildaemon.services.audit import Tally
    from maildaemon.services.desk import Desk
    from maildaemon.settings import MailboxSettings


@click.command(
    epilog=examples(
        "maildaemon audit",
        "maildaemon audit --since 2000-01-01 --json | jq 'select(.wrong)'",
        "maildaemon audit --repair",
        "maildaemon audit --chain",
    )
)
@click.option(
    "--since",
    type=Past(),
    default="30d",
    show_default=True,
    metavar="TIME",
    help="How far back, by when the server got it: 12h, 30d, 8w, or a date.",
)
@click.option("--chain", is_flag=True, help="Look instead whether anybody has changed the history.")
@click.option("--repair", is_flag=True, help="Record what is missing, and audit again.")
@mailbox_option
@json_option
@click.pass_obj
def audit(
    invocation: Invocation,
    *,
    since: datetime,
    chain: bool,
    repair: bool,
    mailbox: str | None,
    as_json: bool,
) -> int:
    """Hold the mailbox against the records, message by message.

    Names what lies in a watched folder and is not recorded, what is recorded twice, copies of our
    mails that are doubled, and mails of ours that no record knows of. What is known (withheld by
    the server, parked, too large, gone from the mailbox) is told as well and is not wrong. Nothing
    in the mailbox is changed, no body is fetched. Ends with 65 if something is wrong. The daemon
    does the same every night, for 30 days back.

    With --chain nothing of the mailbox is looked at: each entry of the history of a conversation is
    sealed with the one before it, and a broken seal is named.
    """
    settings = invocation.settings()
    if chain:
        if repair or mailbox is not None:
            raise click.UsageError("--chain goes alone")
        return audit_chain(settings, as_json=as_json)
    chosen = settings.mailboxes if mailbox is None else (choose_mailbox(settings, mailbox),)
    if not (chosen := tuple(one for one in chosen if one.reads == "all")):
        raise WrongRequestError(
            f"{mailbox} is a colleague's own account: most of it is not recorded",
            "name a mailbox without `reads: sent_only`",
        )

    from maildaemon.adapters.sql.reading import require_database

    require_database(settings.database.url)
    code: int = Exit.OK
    with working(settings) as (tools, alone):
        for one in chosen:
            try:
                wrong = _audit(tools, one, since, repair=repair, alone=alone, as_json=as_json)
            except MaildaemonError as error:
                complain(error, about=one.name)
                code = max(code, exit_for(error))
                continue
            code = max(code, Exit.DATA if wrong else Exit.OK)
    return code


@dataclass(frozen=True, slots=True)
class _Sum:
    """The last line about a mailbox. `before`: what stood there before the first start."""

    mailbox: str
    listed: int
    recorded: int
    waiting: int
    before: int
    wrong: int
    repaired: int | None


def _audit(
    tools: "Tools",
    mailbox: "MailboxSettings",
    since: datetime,
    *,
    repair: bool,
    alone: bool,
    as_json: bool,
) -> int:
    """Audit one mailbox; return how many findings are wrong (still, after a repair)."""
    from maildaemon.adapters.clock import utc_now
    from maildaemon.bootstrap import make_desk, make_mailbox
    from maildaemon.services.audit import tell

    desk = make_desk(tools.store, tools.settings, mailbox, tools.key)
    connection = make_mailbox(tools.settings, mailbox)
    repaired = None
    try:
        tally, mendable = _look(tools, desk, connection, since, as_json=as_json, silent=False)
        if repair:
            repaired = _repair(tools, desk, connection, mendable, alone=alone)
            if mendable:
                tally, _ = _look(tools, desk, connection, since, as_json=as_json, silent=True)
    finally:
        connection.close()
    tell(tools.store, desk, tally, utc_now())
    _put_sum(mailbox.name, tally, repaired, as_json=as_json)
    return tally.wrong


def _look(
    tools: "Tools",
    desk: "Desk",
    connection: "ImapMailbox",
    since: datetime,
    *,
    as_json: bool,
    silent: bool,
) -> tuple["Tally", list[Finding]]:
    """Audit, and print each finding unless it is `silent`; return what can be mended besides."""
    from maildaemon.services.audit import Tally, audit_mailbox

    tally = Tally()
    mendable = []
    name = desk.policy.mailbox
    for one in audit_mailbox(tools.store, connection, tools.parser, desk, since, tally):
        if one.fault in MENDED:
            mendable.append(one)
        if not silent:
            _put(name, one, as_json=as_json)
    return tally, mendable


def _repair(
    tools: "Tools",
    desk: "Desk",
    connection: "ImapMailbox",
    findings: list[Finding],
    *,
    alone: bool,
) -> int:
    from maildaemon.adapters.clock import utc_now
    from maildaemon.services.audit import repair

    count = repair(tools.store, connection, tools.blobs, desk, findings, utc_now)
    if alone:
        process_all(tools, desk)
    elif count:
        note("a daemon is running: it processes what is recorded here")
    return count


def _put(mailbox: str, one: Finding, *, as_json: bool) -> None:
    if as_json:
        put_json(
            {
                "mailbox": mailbox,
                "finding": one.fault,
                "wrong": one.wrong,
                "folder": one.folder or None,
                "uid": one.uid,
                "message_id": one.message_id,
                "date": one.date,
                "what": WHAT[one.fault],
                "about": one.about,
                "advice": ADVICE[one.fault],
            }
        )
    elif one.fault is not Fault.GONE:
        # People tidy their mailboxes: what is gone is counted at the end.
        place = f"{one.folder}, UID {one.uid}" if one.uid else one.folder or "records"
        named = f"<{one.message_id}>" if one.message_id else "without Message-ID"
        about = f": {one.about}" if one.about else ""
        sign = mark(good=False if one.wrong else None)
        say(f"{sign} {plain(mailbox)}: {plain(place)}, {plain(named)}, {local(one.date)}")
        say(f"    {WHAT[one.fault]} ({one.fault}){plain(about)}")
        say(f"    what to do: {ADVICE[one.fault]}")


def _put_sum(mailbox: str, tally: "Tally", repaired: int | None, *, as_json: bool) -> None:
    done = _Sum(
        mailbox,
        tally.listed,
        tally.recorded,
        tally.waiting,
        tally.before,
        tally.wrong,
        repaired,
    )
    if as_json:
        put_json(done)
        return
    gone = tally.found[Fault.GONE]
    others = {
        "waiting to be processed": done.waiting,
        "from before the first start": done.before,
        "recorded and no longer there": gone,
        "recorded now": done.repaired or 0,
    }
    told = "".join(f", {count} {words}" for words, count in others.items() if count)
    sign = mark(good=not done.wrong)
    verdict = f"{done.wrong} wrong" if done.wrong else "nothing is wrong"
    say(f"{sign} {plain(mailbox)}: {done.listed} listed, {done.recorded} recorded{told}")
    say(f"    {verdict}")
