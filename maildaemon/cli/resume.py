"""`maildaemon resume`: let automatic mail flow again."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import click

from maildaemon.cli.invocation import Invocation, choose_mailbox
from maildaemon.cli.output import json_option, plain, put_json, say
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
@json_option
@click.pass_obj
def resume(
    invocation: Invocation,
    *,
    mailbox: str | None,
    brake: str | None,
    discard: bool,
    sender: str | None,
    as_json: bool,
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
            count = _let_in(tx, ids, sender, now)
        else:
            only = Brake(brake) if brake else None
            done = [_release(tx, each, ids[each], only, now, discard=discard) for each in ids]
    if sender is not None:
        _tell_sender(sender, count, as_json=as_json)
    elif as_json:
        for one in done:
            put_json(one)
    else:
        _tell(done)


@dataclass(frozen=True, slots=True)
class _Done:
    """What became of the brakes of a mailbox. `discarded` counts queued mails."""

    mailbox: str
    released: tuple[str, ...]
    still_on: tuple[str, ...]
    discarded: int


def _let_in(tx: "Transaction", ids: dict[int, str], sender: str, now: "datetime") -> int:
    address = sender.strip().lower()
    return sum(tx.brakes.unmute(mailbox_id, address, now) for mailbox_id in ids)


def _tell_sender(sender: str, count: int, *, as_json: bool) -> None:
    if as_json:
        put_json({"sender": sender, "unmuted": count})
    elif count:
        say(f"{plain(sender)} is answered again")
    else:
        say(f"{plain(sender)} was not held back; nothing has changed")


def _release(
    tx: "Transaction",
    mailbox_id: int,
    name: str,
    brake: Brake | None,
    now: "datetime",
    *,
    discard: bool,
) -> _Done:
    from maildaemon.services.brakes import release

    done = release(tx, mailbox_id, name, now, brake=brake, discard=discard)
    still = tuple(str(one.brake) for one in tx.brakes.on(mailbox_id))
    return _Done(name, tuple(map(str, done.brakes)), still, done.discarded)


def _tell(done: "list[_Done]") -> None:
    lines = []
    for one in done:
        lines += [f"{one.mailbox}: released {brake}" for brake in one.released]
        if one.discarded:
            lines.append(f"{one.mailbox}: {one.discarded} queued mails cancelled")
        lines += [f"{one.mailbox}: still on: {brake}" for brake in one.still_on]
        if one.released and not one.still_on:
            lines.append(f"{one.mailbox}: automatic mail flows again")
    for line in lines or ["no brake was on; nothing has changed"]:
        say(line)
