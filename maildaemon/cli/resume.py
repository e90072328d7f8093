"""`maildaemon resume`: release the brake."""

import click

from maildaemon.cli.invocation import Invocation, choose_mailbox
from maildaemon.cli.output import say
from maildaemon.cli.records import reading, writing
from maildaemon.cli.teach import examples


@click.command(epilog=examples("maildaemon resume", "maildaemon resume --mailbox support"))
@click.option("--mailbox", metavar="NAME", help="Only this mailbox; all by default.")
@click.pass_obj
def resume(invocation: Invocation, *, mailbox: str | None) -> None:
    """Let automatic mail flow again after the brake has stopped it.

    The brake stops all automatic mail of a mailbox when far more of it goes out than usual, or
    when much of it bounces; `status` says why. What is queued is sent then: look at it first with
    `maildaemon outbox list --state queued`.
    """
    from maildaemon.adapters.clock import utc_now

    mailbox_id = None
    if mailbox is not None:
        choose_mailbox(invocation.settings(), mailbox)
        with reading(invocation) as listings:
            mailbox_id = listings.mailbox_id(mailbox) or 0
    with writing(invocation) as tx:
        count = tx.mailboxes.release_brakes(mailbox_id, utc_now())
    say("automatic mail flows again" if count else "the brake was not on; nothing has changed")
