"""`maildaemon outbox`: what is to be sent, and what became of it."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import TYPE_CHECKING

import click

from maildaemon.cli.exits import WrongRequestError, user_name
from maildaemon.cli.in_force import tell_if_nothing_runs
from maildaemon.cli.invocation import Invocation
from maildaemon.cli.output import (
    json_option,
    limit_option,
    local,
    mailbox_option,
    plain_text,
    put_facts,
    put_json,
    put_table,
    say,
    tell_cut,
)
from maildaemon.cli.records import nothing_like, reading, writing
from maildaemon.cli.teach import examples
from maildaemon.cli.verbs import Verbs
from maildaemon.cli.words import UNRELEASABLE, in_words
from maildaemon.domain.delivery import OutboxState

if TYPE_CHECKING:
    from maildaemon.adapters.sql.lines import MailLine
    from maildaemon.domain.by_hand import HeldMail, Unreleasable
    from maildaemon.ports.store import Transaction

_IN_DOUBT = (OutboxState.QUEUED, OutboxState.UNKNOWN)
_STATES = [state.value for state in OutboxState]


@click.group(
    cls=Verbs,
    epilog=examples("maildaemon outbox list --state failed", "maildaemon outbox retry 12"),
)
def outbox() -> None:
    """Look at the mails we send; try, cancel or release them.

    `queued` will be sent; `draft` is put into the mailbox for a person to send; `shadow` was only
    recorded, because of the mode; `sent`, `failed`
    (refused for good), `expired` (too late), `cancelled` and `unknown` (nobody can tell whether
    it went out) are final.
    """


@outbox.command(
    "list",
    epilog=examples(
        "maildaemon outbox list", "maildaemon outbox list --state unknown --limit 0 --json"
    ),
)
@click.option(
    "--state",
    type=click.Choice(_STATES),
    metavar="STATE",
    help=f"Only mails in this state: {', '.join(_STATES)}.",
)
@mailbox_option
@limit_option
@json_option
@click.pass_obj
def list_mails(
    invocation: Invocation, *, state: str | None, mailbox: str | None, limit: int, as_json: bool
) -> None:
    """List the mails of ours, newest first.

    `why` says what happened last: the server's words, or the reason for which it was cancelled.
    Mails to ourselves (`probe`) are listed only if they were not sent.
    """
    from maildaemon.adapters.clock import utc_now

    with reading(invocation) as listings:
        found = listings.mails(mailbox_name=mailbox, state=state, limit=limit or None)
    if as_json:
        for line in found:
            put_json(line)
        return
    now = utc_now()
    put_table(
        ("ID", "STATE", "SINCE", "TO", "WHAT", "THREAD", "WHY"),
        (
            (
                one.id,
                f"{one.state} (resent)" if one.resent else one.state,
                one.concluded_at or one.queued_at,
                one.recipient,
                "+".join(one.sections or (one.kind,)),
                one.thread,
                why_in_words(one, now),
            )
            for one in found
        ),
        wide=("TO", "WHAT", "WHY"),
    )
    tell_cut(len(found), limit, "mails")


def why_in_words(one: "MailLine", now: datetime) -> str | None:
    """Return what happened last, and what comes next; None if there is nothing to say."""
    if one.next_attempt_at is None:
        return one.why
    if one.uncertain_at is not None:
        words = f"perhaps accepted: looked for in Sent until {local(one.next_attempt_at)}"
    elif one.next_attempt_at <= now:
        words = "due: `maildaemon status` says what it waits for"
    else:
        words = f"next try {local(one.next_attempt_at)}"
    return f"{words}; {one.why}" if one.why else words


@outbox.command(
    epilog=examples("maildaemon outbox show 12", "maildaemon outbox show 12 --raw > mail.eml")
)
@click.argument("outbox_id", metavar="ID", type=int)
@click.option("--raw", is_flag=True, help="Write the bytes as they are sent, and nothing else.")
@json_option
@click.pass_obj
def show(invocation: Invocation, *, outbox_id: int, raw: bool, as_json: bool) -> None:
    """Show one mail of ours: its state, its fate, and its text.

    What is shown is what is sent, byte for byte: a mail is written when it is queued.
    """
    with reading(invocation) as listings:
        found = listings.mail(outbox_id)
    if found is None:
        raise nothing_like("mail", outbox_id, "maildaemon outbox list")
    one, content = found
    if raw:
        sys.stdout.buffer.write(content)
        sys.stdout.buffer.flush()
        return
    from maildaemon.cli.letter import read_letter

    subject, text = read_letter(content)
    if as_json:
        fields = {name: getattr(one, name) for name in one.__dataclass_fields__}
        put_json({**fields, "subject": subject, "text": text})
        return
    reply = f"{one.reply_code} {one.reply_text}" if one.reply_code else None
    put_facts(
        [
            ("mail", one.id),
            ("state", f"{one.state}, sent a second time" if one.resent else one.state),
            ("why", one.why),
            ("server said", reply),
            ("to", one.recipient),
            ("subject", subject),
            ("made of", "+".join(one.sections or (one.kind,))),
            ("language", one.language),
            ("mailbox", one.mailbox),
            ("thread", one.thread),
            ("responds to", f"message {one.cause}" if one.cause else None),
            ("id", one.message_id),
            ("queued", one.queued_at),
            ("next try", one.next_attempt_at),
            ("given up", one.expires_at if one.state == OutboxState.QUEUED else None),
            ("uncertain", one.uncertain_at if one.state in _IN_DOUBT else None),
            ("concluded", one.concluded_at),
            ("failures", one.failures or None),
        ]
    )
    say()
    say(plain_text(text))


outbox_id_argument = click.argument("outbox_id", metavar="ID", type=int)


@outbox.command(epilog=examples("maildaemon outbox retry 12"))
@outbox_id_argument
@json_option
@click.pass_obj
def retry(invocation: Invocation, *, outbox_id: int, as_json: bool) -> None:
    """Send a failed, expired, unknown or cancelled mail once more.

    The bytes and the Message-ID stay the same. If an `unknown` mail did go out, the customer gets
    it twice. None goes once a person has answered in its thread, or has closed or muted it; a
    cancelled one only while it is fresh. The running daemon takes it within seconds.
    """
    from maildaemon.domain.by_hand import Unreleasable
    from maildaemon.services.by_hand import retry as try_again

    with _told(invocation, outbox_id) as (tx, mail, by, now):
        why = try_again(tx, mail, by, now)
        if why is Unreleasable.NOT_HELD_BACK:
            raise WrongRequestError(
                f"mail {outbox_id} is {mail.state}, neither failed, expired, unknown nor cancelled",
                f"see: maildaemon outbox show {outbox_id}",
            )
        if why is not None:
            raise _unreleasable(mail, why)
        line = _line(tx, outbox_id)
    tell_if_nothing_runs(invocation.settings(), "it goes out when one runs")
    _tell("retry", line, f"mail {outbox_id} is queued again", as_json=as_json)


@outbox.command(epilog=examples("maildaemon outbox cancel 12"))
@outbox_id_argument
@json_option
@click.pass_obj
def cancel(invocation: Invocation, *, outbox_id: int, as_json: bool) -> None:
    """Do not send a queued mail.

    A mail that may have been accepted already cannot be called back. `outbox retry` takes it back.
    """
    from maildaemon.services.by_hand import note_mail

    with _told(invocation, outbox_id) as (tx, mail, by, now):
        if not tx.outbox.cancel(outbox_id, f"cancelled by {by}", now):
            raise WrongRequestError(
                f"mail {outbox_id} is not queued any more, or may have been accepted already",
                f"see: maildaemon outbox show {outbox_id}",
            )
        note_mail(tx, mail, "mail_cancelled", by, now)
        line = _line(tx, outbox_id)
    _tell("cancel", line, f"mail {outbox_id} is cancelled", as_json=as_json)


@outbox.command(
    epilog=examples("maildaemon outbox list --state shadow", "maildaemon outbox release 12")
)
@outbox_id_argument
@json_option
@click.pass_obj
def release(invocation: Invocation, *, outbox_id: int, as_json: bool) -> None:
    """Send a mail that was only recorded (mode shadow).

    It goes as it was written, if it is still fresh (an acknowledgement for 24 hours) and nothing
    speaks against it: nobody has answered, the thread is neither closed nor muted, and was not
    acknowledged otherwise. Ceilings do not hold it up: a person has decided. A draft is sent from
    the mail client.
    """
    from maildaemon.services.by_hand import release as let_go

    with _told(invocation, outbox_id) as (tx, mail, by, now):
        if mail.state is OutboxState.CANCELLED:
            raise WrongRequestError(
                f"mail {outbox_id} was cancelled", f"maildaemon outbox retry {outbox_id}"
            )
        if why := let_go(tx, mail, by, now):
            raise _unreleasable(mail, why)
        line = _line(tx, outbox_id)
    tell_if_nothing_runs(invocation.settings(), "it goes out when one runs")
    _tell("release", line, f"mail {outbox_id} is queued", as_json=as_json)


@contextmanager
def _told(
    invocation: Invocation, outbox_id: int
) -> Iterator[tuple["Transaction", "HeldMail", str, datetime]]:
    """Begin a transaction at a person's word about one mail."""
    from maildaemon.adapters.clock import utc_now

    with writing(invocation) as tx:
        mail = tx.by_hand.mail(outbox_id)
        if mail is None:
            raise nothing_like("mail", outbox_id, "maildaemon outbox list")
        yield tx, mail, user_name(), utc_now()


def _line(tx: "Transaction", outbox_id: int) -> "MailLine":
    from maildaemon.adapters.sql.listings import listings_in

    found = listings_in(tx).mail(outbox_id)
    assert found is not None  # noqa: S101  it was there a moment ago, in this transaction
    return found[0]


def _tell(did: str, line: "MailLine", words: str, *, as_json: bool) -> None:
    if as_json:
        put_json({"did": did, "mail": line})
    else:
        say(words)


def _unreleasable(mail: "HeldMail", why: "Unreleasable") -> WrongRequestError:
    return WrongRequestError(
        f"mail {mail.outbox_id} stays {mail.state}: {in_words(why, UNRELEASABLE)}",
        f"see: maildaemon outbox show {mail.outbox_id}",
    )
