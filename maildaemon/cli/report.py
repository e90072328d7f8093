"""`maildaemon report`: what the last months looked like, as one page."""

import re
from datetime import datetime, tzinfo
from pathlib import Path
from typing import TYPE_CHECKING

import click

from maildaemon.cli.exits import WrongRequestError
from maildaemon.cli.invocation import Invocation, choose_mailbox
from maildaemon.cli.output import json_option, mailbox_option, note, put_json
from maildaemon.cli.teach import examples
from maildaemon.cli.values import Instant

if TYPE_CHECKING:
    from maildaemon.domain.figures import Chronicle
    from maildaemon.domain.policy import Policy
    from maildaemon.settings import MailboxSettings, Settings

_MONTH = re.compile(r"(19[7-9]\d|20\d\d)-(0[1-9]|1[0-2])")
# The present month and the two before it.
_USUAL_MONTHS = 2


@click.command(
    epilog=examples(
        "maildaemon report -o report.html",
        "maildaemon report --month 2026-11 -o november.html",
        "maildaemon report --since 2026-01-01 --json | jq .promises",
    )
)
@click.option("--since", type=Instant(), metavar="TIME", help="From then on, until now.")
@click.option("--month", metavar="YYYY-MM", help="Only this month, in `hours.timezone`.")
@click.option(
    "-o",
    "--output",
    "path",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE",
    help="Write the page into this file, also beside --json; without it, to standard output.",
)
@mailbox_option
@json_option
@click.pass_obj
def report(
    invocation: Invocation,
    *,
    since: datetime | None,
    month: str | None,
    path: Path | None,
    mailbox: str | None,
    as_json: bool,
) -> None:
    """Write a page about the last months: how fast, how reliably.

    First replies and how long they took, promises kept, who is waiting, why there was silence,
    files refused, feedback, categories and repeated questions by month, mails sent. By default of
    this month and the two before. The page is one file that loads nothing and runs nothing; no
    customer's name or address stands in it, but subjects do.
    """
    if since is not None and month is not None:
        raise click.UsageError("give either --since or --month", click.get_current_context())
    from maildaemon.adapters.clock import utc_now
    from maildaemon.domain.figures import add_up

    settings = invocation.settings()
    chosen = (choose_mailbox(settings, mailbox),) if mailbox else settings.mailboxes
    now, zone = utc_now(), settings.hours.timezone
    begin, end = _period(since, month, now, zone)
    chronicles = _read(settings, chosen, begin, end, now)
    figures = add_up(chronicles, begin, end, now, zone)
    if path is not None or not as_json:
        from maildaemon.cli.report_page import render

        _write(path, render(figures, now, zone))
    if as_json:
        put_json(figures)


def _period(
    since: datetime | None, month: str | None, now: datetime, zone: tzinfo
) -> tuple[datetime, datetime]:
    from maildaemon.domain.figures import end_of_month, previous_months

    if month is not None:
        if not _MONTH.fullmatch(month):
            raise WrongRequestError(f"`{month}` is no month", "write for example 2026-11")
        begin = datetime.fromisoformat(f"{month}-01").replace(tzinfo=zone)
        return begin, min(end_of_month(begin), max(now, begin))
    begin = since or previous_months(now, zone, _USUAL_MONTHS)
    if begin >= now:
        raise WrongRequestError(f"{begin:%Y-%m-%d} is to come", "give a time that is past")
    return begin, now


def _read(
    settings: "Settings",
    mailboxes: "tuple[MailboxSettings, ...]",
    begin: datetime,
    end: datetime,
    now: datetime,
) -> "list[tuple[Policy, Chronicle]]":
    from maildaemon.adapters.sql.listings import read_listings
    from maildaemon.adapters.sql.reading import open_reading
    from maildaemon.domain.policy import Reads
    from maildaemon.settings.policy import make_policy

    store = open_reading(settings.database.url)
    found = []
    try:
        with read_listings(store) as listings:
            for one in mailboxes:
                mailbox_id = listings.mailbox_id(one.name)
                if one.reads is Reads.ALL and mailbox_id is not None:
                    policy = make_policy(settings, one)
                    chronicle = listings.chronicle(mailbox_id, policy, begin, end, now)
                    found.append((policy, chronicle))
    finally:
        store.close()
    return found


def _write(path: Path | None, page: str) -> None:
    if path is None:
        print(page, end="", flush=True)
        return
    try:
        path.write_text(page, "utf-8")
    except OSError as error:
        raise WrongRequestError(
            f"{path} cannot be written: {error.strerror}", "name a file in a folder of yours"
        ) from error
    note(f"written: {path}")
