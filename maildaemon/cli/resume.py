"""`maildaemon resume`: let automatic mail flow again."""

from typing import TYPE_CHECKING

import click

from maildaemon.cli.invocation import Invocation, choose_mailbox
from maildaemon.cli.output import plain, say
from maildaemon.cli.records import writing
from maildaemon.cli.teach import examples
from maildaemon.domain.brakes import Brake

if TYPE_CHECKING:
    from datetime import datetime

    from maildaemon.ports.store import Transaction


@click.command(
    epilog=examples(
        "maildaemon resume",
        "maildaemon resume --mailbox support --brake flood",
        "maildaemon resume --discard                       what is queued is not sent",
        "maildaemon resume --sender clara@example.com",
    )
)
@click.option("--mailbox", metavar="NAME", help="Only this mailbox; all by default.")
@click.option(
    "--brake",
    type=click.Choice([one.value for one in Brake]),
    metavar="NAME",
    help=f"Only this brake ({', '.join(Brake)}); all by default.",
)
@click.option("--discard", is_flag=True, help="Cancel what is queued instead of sending it.")
@click.option(
    "--sender",
    metavar="ADDRESS",
    help="Answer this address again, which was muted as a program or refused our mail.",
)
@click.pass_obj
def resume(
    invocation: Invocation,
    *,
    mailbox: str | None,
    brake: str | None,
    discard: bool,
    sender: str | None,
) -> None:
    """Let automatic mail flow again after a brake has stopped it.

    A brake stops all automatic mail of a mailbox when something cannot be right; `status` says
    what. What is queued is sent then, as far as it is still fresh: look at it first with
    `maildaemon outbox list --state queued`. With --sender no brake is released: one address is
    answered again.
    """
    from maildaemon.adapters.clock import utc_now

    if sender is not None and (brake is not None or discard):
        raise click.UsageError("--sender goes with --mailbox only")
    chosen = choose_mailbox(invocation.settings(), mailbox).name if mailbox else None
    now = utc_now()
    with writing(invocation) as tx:
        mailboxes = [one for one in tx.mailboxes.all() if chosen in {None, one.name}]
        ids = {one.mailbox_id: one.name for one in mailboxes}
        if sender is not None:
            lines = [_let_in(tx, ids, sender, now)]
        else:
            lines = _release(tx, ids, Brake(brake) if brake else None, now, discard=discard)
    for line in lines:
        say(line)


def _let_in(tx: "Transaction", ids: dict[int, str], sender: str, now: "datetime") -> str:
    address = sender.strip().lower()
    count = sum(tx.brakes.unmute(mailbox_id, address, now) for mailbox_id in ids)
    if not count:
        return f"{plain(sender)} was not held back; nothing has changed"
    return f"{plain(sender)} is answered again"


def _release(
    tx: "Transaction", ids: dict[int, str], brake: Brake | None, now: "datetime", *, discard: bool
) -> list[str]:
    from maildaemon.services.brakes import release

    lines = []
    for mailbox_id, name in ids.items():
        done = release(tx, mailbox_id, name, now, brake=brake, discard=discard)
        lines += [f"{name}: released {one}" for one in done.brakes]
        if done.discarded:
            lines.append(f"{name}: {done.discarded} queued mails cancelled")
        lines += [f"{name}: still on: {one.brake}" for one in tx.brakes.on(mailbox_id)]
        if done.brakes and not tx.brakes.on(mailbox_id):
            lines.append(f"{name}: automatic mail flows again")
    return lines or ["no brake was on; nothing has changed"]
