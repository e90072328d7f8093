"""`maildaemon parked`: mails that could not be processed."""

from typing import TYPE_CHECKING

import click

from maildaemon.cli.invocation import Invocation
from maildaemon.cli.output import (
    json_option,
    local,
    mailbox_option,
    plain,
    put_facts,
    put_json,
    say,
    size_of,
)
from maildaemon.cli.records import nothing_like, reading, writing
from maildaemon.cli.teach import examples
from maildaemon.cli.verbs import Verbs

if TYPE_CHECKING:
    from pathlib import Path

    from maildaemon.adapters.sql.lines import ParkedLine


@click.group(cls=Verbs, epilog=examples("maildaemon parked list", "maildaemon parked retry --all"))
def parked() -> None:
    """Look at mails that could not be processed; try them again.

    A mail is parked after it failed three times through a fault of its own, so that it does not
    stand in the way of others. Nothing of it is lost: its bytes are kept, and it lies untouched
    in the mailbox.
    """


@parked.command("list", epilog=examples("maildaemon parked list"))
@mailbox_option
@json_option
@click.pass_obj
def list_parked(invocation: Invocation, *, mailbox: str | None, as_json: bool) -> None:
    """List parked mails with the error of the last attempt.

    `explain` on the bytes of one (the line `bytes`) shows how far it can be read.
    """
    with reading(invocation) as listings:
        found = listings.parked(mailbox_name=mailbox)
    if as_json:
        for line in found:
            put_json(line)
        return
    folder = invocation.settings().service.data_dir / "raw"
    for line in found:
        _put(line, folder)
    if not found:
        say("nothing is parked")


def _put(one: "ParkedLine", folder: "Path") -> None:
    sha256 = one.raw_sha256
    say(f"{one.id}  {plain(one.mailbox)}, {plain(one.folder)}, UID {one.uid}")
    put_facts(
        [
            ("  received", local(one.received_at)),
            ("  size", size_of(one.size)),
            ("  failures", one.failures),
            ("  error", one.error),
            ("  bytes", folder / sha256[:2] / sha256 if sha256 else None),
        ]
    )


@parked.command(epilog=examples("maildaemon parked retry 5", "maildaemon parked retry --all"))
@click.argument("parked_id", metavar="[ID]", type=int, required=False)
@click.option("--all", "everything", is_flag=True, help="Everything that is parked.")
@json_option
@click.pass_obj
def retry(
    invocation: Invocation, *, parked_id: int | None, everything: bool, as_json: bool
) -> None:
    """Process a parked mail again, its failures forgotten.

    The running daemon takes it within seconds; if it fails three times more, it is parked again.
    """
    if (parked_id is None) is not everything:
        raise click.UsageError("give the number of one mail, or --all", click.get_current_context())
    from maildaemon.adapters.clock import utc_now

    with writing(invocation) as tx:
        count = tx.inbound.retry_parked(parked_id, utc_now())
    if parked_id is not None and count == 0:
        raise nothing_like("parked mail", parked_id, "maildaemon parked list")
    if as_json:
        put_json({"due_again": count})
    else:
        say(f"{count} due again" if count else "nothing was parked")
