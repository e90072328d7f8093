"""`maildaemon threads`: conversations."""

from datetime import datetime
from typing import TYPE_CHECKING, TypedDict

import click

from maildaemon.cli.invocation import Invocation
from maildaemon.cli.output import (
    json_option,
    limit_option,
    local,
    mailbox_option,
    note,
    paint,
    person,
    plain,
    put_facts,
    put_json,
    put_table,
    say,
    tell_cut,
    word,
)
from maildaemon.cli.records import nothing_like, reading
from maildaemon.cli.teach import examples
from maildaemon.cli.thread_verbs import VERBS, bare, until
from maildaemon.cli.transcript import transcript
from maildaemon.cli.verbs import Verbs
from maildaemon.cli.words import NEXT
from maildaemon.domain.decide_timer import ASKS
from maildaemon.domain.message import HEADER_ONLY
from maildaemon.domain.threads import Status
from maildaemon.domain.understanding import Priority

if TYPE_CHECKING:
    from maildaemon.adapters.sql.lines import (
        EventLine,
        MailLine,
        MessageLine,
        NumberLine,
        ParticipantLine,
        RatingLine,
        ThreadLine,
        TimerLine,
    )
    from maildaemon.adapters.sql.listings import SqlListings

# What the lines of the mails themselves say.
_TOLD_ALREADY = frozenset({"message_received", "silence", "mail_queued", "mail_sent"})


@click.group(
    cls=Verbs,
    epilog=examples(
        "maildaemon threads list --status open",
        "maildaemon threads show K7F3-Q2",
        "maildaemon threads resolve K7F3-Q2",
    ),
)
def threads() -> None:
    """Look at conversations, and say what is to become of them.

    A thread is everything that belongs to one matter: the customer's mails, the answers of staff,
    and what was sent automatically. Its reference (K7F3-Q2) is what the customer was told. What a
    person says about it counts at once, also while the daemon runs, and stands in its history
    with the name of the user.
    """


for verb in (*VERBS, transcript):
    threads.add_command(verb)


@threads.command(
    "list",
    epilog=examples(
        "maildaemon threads list",
        "maildaemon threads list --status open --mailbox support",
        "maildaemon threads list --status open --priority urgent",
        "maildaemon threads list --limit 0 --json",
    ),
)
@click.option(
    "--status",
    type=click.Choice([one.value for one in Status]),
    metavar="STATUS",
    help=f"Only threads in this status: {', '.join(one.value for one in Status)}.",
)
@click.option("--category", metavar="NAME", help="Only threads of this category.")
@click.option(
    "--priority",
    type=click.Choice([one.value for one in Priority]),
    metavar="PRIORITY",
    help=f"Only threads of this priority: {', '.join(one.value for one in Priority)}.",
)
@click.option("--tag", metavar="NAME", help="Only threads with this tag.")
@mailbox_option
@limit_option
@json_option
@click.pass_obj
def list_threads(
    invocation: Invocation,
    /,
    *,
    mailbox: str | None,
    limit: int,
    as_json: bool,
    **wanted: str | None,
) -> None:
    """List threads, the last active first.

    The status says whose turn it is: `open` ours, `working` ours though answered, `pending` the
    customer's, `resolved` and `ignored` nobody's.
    """
    with reading(invocation) as listings:
        found = listings.threads(mailbox_name=mailbox, limit=limit or None, **wanted)
    if as_json:
        for line in found:
            put_json(line)
        return
    put_table(
        (
            *("THREAD", "STATUS", "PRIORITY", "CATEGORY", "LAST MAIL", "MAILS"),
            *("CUSTOMER", "SUBJECT", "ASSIGNED TO"),
        ),
        (
            (
                one.reference,
                one.status,
                "" if one.priority == Priority.NORMAL else one.priority,
                one.category,
                one.last_message_at,
                one.messages,
                one.customer,
                one.subject,
                one.assigned_to,
            )
            for one in found
        ),
        wide=("CUSTOMER", "SUBJECT"),
    )
    tell_cut(len(found), limit, "threads")


@threads.command("show", epilog=examples("maildaemon threads show K7F3-Q2"))
@click.argument("reference", metavar="REFERENCE")
@json_option
@click.pass_obj
def show(invocation: Invocation, *, reference: str, as_json: bool) -> None:
    """Show one thread: its people, its mails, and what happened.

    The reference is what stands in the subject as [#K7F3-Q2]. `maildaemon messages show ID` shows
    a single mail of it. The reference of a thread that was merged leads to the one that took it.
    """
    with reading(invocation) as listings:
        thread = _surviving(listings, bare(reference))
        found = _Course(
            thread=thread,
            participants=listings.participants(thread.reference),
            order_numbers=listings.numbers(thread.reference),
            rating=listings.rating(thread.reference),
            messages=listings.messages_of(thread.reference),
            mails=listings.mails_of(thread.reference),
            events=listings.events(thread.reference),
            timers=listings.timers(thread.reference),
        )
    if as_json:
        put_json(found)
        return
    put_facts(_facts(found))
    _put_course(found["messages"], found["mails"], found["events"])


class _Course(TypedDict):
    """All that is shown of a thread; the keys are those of `--json`."""

    thread: "ThreadLine"
    participants: "list[ParticipantLine]"
    order_numbers: "list[NumberLine]"
    rating: "RatingLine | None"
    messages: "list[MessageLine]"
    mails: "list[MailLine]"
    events: "list[EventLine]"
    timers: "list[TimerLine]"


def _surviving(listings: "SqlListings", reference: str) -> "ThreadLine":
    """Return the thread, or the one that took its mails."""
    thread = listings.thread(reference)
    if thread is not None and thread.merged_into is not None:
        note(f"{reference} was merged into {thread.merged_into}")
        thread = listings.thread(thread.merged_into)
    if thread is None:
        raise nothing_like("thread", reference, "maildaemon threads list")
    return thread


def _facts(found: _Course) -> list[tuple[str, object]]:
    thread, numbers, people = found["thread"], found["order_numbers"], found["participants"]
    return [
        ("thread", thread.reference),
        ("status", thread.status),
        ("subject", thread.subject),
        ("category", thread.category),
        ("priority", thread.priority),
        ("tags", " ".join(thread.tags) or None),
        *(("number", f"{one.name} {one.number}{_certainty(one.known)}") for one in numbers),
        ("missing", ", ".join(thread.missing) or None),
        ("asked for", ", ".join(thread.asked) or None),
        ("mailbox", thread.mailbox),
        ("language", thread.language),
        ("opened", thread.opened_at),
        ("acknowledged", thread.acknowledged_at),
        ("answered", thread.answered_at),
        ("first reply", _waited(thread.first_reply_seconds)),
        ("rating", _rated(found["rating"]) if found["rating"] else None),
        ("promised by", thread.promised_at),
        *(("next", line) for line in to_come(found["timers"], thread.muted_until)),
        ("muted", until(thread.muted_until) if thread.muted_until else None),
        ("assigned to", thread.assigned_to),
        ("linked to", thread.linked_to),
        ("history", "from before the first start" if thread.history else None),
        *(("people", f"{person(one.name, one.address)}, {one.role}") for one in people),
    ]


def to_come(timers: "list[TimerLine]", muted_until: datetime | None) -> list[str]:
    """Return what is to happen in a thread, as people read it."""
    lines = []
    for one in timers:
        if one.state == "armed":
            muted = one.kind in ASKS and muted_until is not None and muted_until > one.due_at
            kept = " (not while it is muted)" if muted else ""
            lines.append(f"{local(one.due_at)}: {NEXT[one.kind]}{kept}")
    return lines


def _certainty(known: bool | None) -> str:
    return {True: ", known", False: ", not among ours", None: ""}[known]


def _rated(rating: "RatingLine") -> str:
    words = f", “{' '.join(rating.words.split())}”" if rating.words else ""
    return f"{rating.rating} of 5 (message {rating.message}){words}"


def _waited(seconds: int | None) -> str | None:
    """Return for how long a customer waited for a person, as people say it."""
    if seconds is None:
        return None
    minutes = round(seconds / 60)
    hours, days = divmod(minutes, 60)[0], minutes // (24 * 60)
    if days > 1:
        return f"after {days} days {hours - 24 * days} h"
    return f"after {hours} h {minutes - 60 * hours} min" if hours else f"after {minutes} min"


def _put_course(
    messages: "list[MessageLine]", mails: "list[MailLine]", events: "list[EventLine]"
) -> None:
    """Print what was received, what was queued, and what happened, in the order of time."""
    entries = [
        *((one.received_at, _received(one)) for one in messages),
        *((one.queued_at, _queued(one)) for one in mails),
        *((one.at, _happened(one)) for one in events if one.event not in _TOLD_ALREADY),
    ]
    say()
    for at, line in sorted(entries, key=lambda entry: entry[0]):
        say(f"{paint(local(at), 'cyan')}  {plain(line)}")


def _received(one: "MessageLine") -> str:
    silence = f", silence: {one.silence}" if one.silence else ""
    read = ", only its header was read" if HEADER_ONLY in one.defects else ""
    return f"message {one.id} ({one.kind}{silence}{read}) from {one.from_address}: {one.subject}"


def _queued(one: "MailLine") -> str:
    concluded = f" {local(one.concluded_at)}" if one.concluded_at else ""
    made_of = "+".join(one.sections or (one.kind,))
    return (
        f"mail {one.id} ({made_of}) to {one.recipient}: {one.state}{concluded}"
        f"{f', {one.why}' if one.why else ''}"
    )


def _happened(one: "EventLine") -> str:
    if one.event == "thread_noted":
        return f"note by {one.detail['by']}: {one.detail['text']}"
    known = {name: value for name, value in one.detail.items() if name != "undo"}
    detail = " ".join(f"{name}={word(value)}" for name, value in known.items())
    about = f" message {one.message}" if one.message else ""
    return f"{one.event.replace('_', ' ')}{about} {detail}".rstrip()
