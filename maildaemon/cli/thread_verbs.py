"""What a person does to threads: `maildaemon threads resolve|reopen|working|mute|assign|…`."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import TYPE_CHECKING

import click

from maildaemon.cli.exits import WrongRequestError, user_name
from maildaemon.cli.invocation import Invocation
from maildaemon.cli.output import json_option, local, note, plain, put_json, say
from maildaemon.cli.records import nothing_like, writing
from maildaemon.cli.teach import examples
from maildaemon.cli.values import Instant
from maildaemon.domain.by_hand import FOR_GOOD
from maildaemon.domain.threads import Status

if TYPE_CHECKING:
    from maildaemon.adapters.sql.lines import ThreadLine
    from maildaemon.domain.by_hand import ThreadState
    from maildaemon.ports.store import Transaction
    from maildaemon.services.by_hand import Deed

references_argument = click.argument(
    "references", metavar="REFERENCE...", nargs=-1, required=True, type=str
)
reference_argument = click.argument("reference", metavar="REFERENCE")

_LETTERS = 6
_Do = Callable[["Transaction", "ThreadState", str, datetime], "Deed"]


def bare(reference: str) -> str:
    """Return a reference as it is kept, however it was copied from a subject, or typed."""
    kept = reference.strip("[]# ").upper()
    letters = kept.replace("-", "").replace(" ", "")
    return f"{letters[:4]}-{letters[4:]}" if len(letters) == _LETTERS else kept


@contextmanager
def _told(invocation: Invocation) -> Iterator[tuple["Transaction", str, datetime]]:
    """Begin a transaction at a person's word: who says it, and when."""
    from maildaemon.adapters.clock import utc_now

    with writing(invocation) as tx:
        yield tx, user_name(), utc_now()


def find_thread(tx: "Transaction", reference: str) -> "ThreadState":
    """Return the thread; one that was merged leads to the one that took it."""
    thread = tx.by_hand.thread(bare(reference))
    if thread is not None and thread.merged_into is not None:
        note(f"{thread.reference} was merged into {thread.merged_into}")
        thread = tx.by_hand.thread(thread.merged_into)
    if thread is None:
        raise nothing_like("thread", bare(reference), "maildaemon threads list")
    return thread


def _each(
    invocation: Invocation, did: str, references: Sequence[str], do: _Do, *, as_json: bool
) -> None:
    """Do something to several threads, or to none if one of them does not exist."""
    lines = []
    with _told(invocation) as (tx, by, now):
        threads = [find_thread(tx, reference) for reference in dict.fromkeys(map(bare, references))]
        for thread in threads:
            deed = do(tx, thread, by, now)
            lines.append((deed, line_of(tx, thread.reference)))
    for deed, line in lines:
        if as_json:
            put_json(
                {"did": did, "changed": deed.changed, "cancelled": deed.cancelled, "thread": line}
            )
        elif did == "note":
            say(f"{line.reference}: noted")
        else:
            _say(deed, line)


def line_of(tx: "Transaction", reference: str) -> "ThreadLine":
    from maildaemon.adapters.sql.listings import listings_in

    line = listings_in(tx).thread(reference)
    assert line is not None  # noqa: S101  it was there a moment ago, in this transaction
    return line


def _say(deed: "Deed", line: "ThreadLine") -> None:
    facts = [line.status]
    if line.muted_until is not None:
        facts.append(f"muted {until(line.muted_until)}")
    if line.assigned_to is not None:
        facts.append(f"assigned to {line.assigned_to}")
    if deed.cancelled:
        facts.append(f"queued mails cancelled: {deed.cancelled}")
    same = "" if deed.changed else " (it was so already)"
    say(plain(f"{line.reference}: {', '.join(facts)}{same}"))


def until(at: datetime) -> str:
    """Return until when a thread is muted, as people read it."""
    return "until further notice" if at >= FOR_GOOD else f"until {local(at)}"


@click.command(
    epilog=examples(
        "maildaemon threads resolve K7F3-Q2", "maildaemon threads resolve K7F3-Q2 M4XN-8P"
    )
)
@references_argument
@json_option
@click.pass_obj
def resolve(invocation: Invocation, *, references: tuple[str, ...], as_json: bool) -> None:
    """Close a matter.

    Automatic mail that was still queued in it is cancelled. `threads reopen` undoes it, and so
    does the customer by writing again.
    """
    _each(invocation, "resolve", references, _status(Status.RESOLVED), as_json=as_json)


@click.command(epilog=examples("maildaemon threads reopen K7F3-Q2"))
@references_argument
@json_option
@click.pass_obj
def reopen(invocation: Invocation, *, references: tuple[str, ...], as_json: bool) -> None:
    """Say that it is our turn: the matter is open.

    Takes back `resolve` and `working`. Nothing is sent because of it; what was cancelled stays
    cancelled (`outbox retry` sends a single mail after all).
    """
    _each(invocation, "reopen", references, _status(Status.OPEN), as_json=as_json)


@click.command(epilog=examples("maildaemon threads working K7F3-Q2"))
@references_argument
@json_option
@click.pass_obj
def working(invocation: Invocation, *, references: tuple[str, ...], as_json: bool) -> None:
    """Say that we are at work on it: answered, but we owe more.

    An acknowledgement that is queued still goes out. `threads reopen` undoes it.
    """
    _each(invocation, "working", references, _status(Status.WORKING), as_json=as_json)


def _status(status: Status) -> _Do:
    from maildaemon.services.by_hand import set_status

    return lambda tx, thread, by, now: set_status(tx, thread, status, by, now)


@click.command(
    epilog=examples(
        "maildaemon threads mute K7F3-Q2",
        "maildaemon threads mute K7F3-Q2 --until 2026-12-01",
        "maildaemon threads mute K7F3-Q2 --off",
    )
)
@references_argument
@click.option("--until", "end", type=Instant(), metavar="TIME", help="By default for good.")
@click.option("--off", is_flag=True, help="Let automatic mail be said in it again.")
@json_option
@click.pass_obj
def mute(
    invocation: Invocation,
    *,
    references: tuple[str, ...],
    end: datetime | None,
    off: bool,
    as_json: bool,
) -> None:
    """Let nothing automatic be said in a matter.

    What is queued in it is cancelled, and what comes is recorded and stays without a response
    (silence `muted`). People write in it as ever. --off undoes it.
    """
    if off and end is not None:
        raise click.UsageError("give either --until or --off", click.get_current_context())
    from maildaemon.services.by_hand import mute as silence
    from maildaemon.services.by_hand import unmute

    def do(tx: "Transaction", thread: "ThreadState", by: str, now: datetime) -> "Deed":
        if end is not None and end <= now:
            raise WrongRequestError(f"{local(end)} is past", "give a time to come, or --off")
        return unmute(tx, thread, by, now) if off else silence(tx, thread, end or FOR_GOOD, by, now)

    _each(invocation, "unmute" if off else "mute", references, do, as_json=as_json)


@click.command(
    epilog=examples(
        "maildaemon threads assign K7F3-Q2 anna", "maildaemon threads assign K7F3-Q2 --nobody"
    )
)
@reference_argument
@click.argument("name", metavar="[NAME]", required=False)
@click.option("--nobody", is_flag=True, help="Nobody looks after it any more.")
@json_option
@click.pass_obj
def assign(
    invocation: Invocation, *, reference: str, name: str | None, nobody: bool, as_json: bool
) -> None:
    """Note who looks after a matter.

    A name or an address, as you like; nobody is written to now. With an address, warnings about the
    matter go there, and not to all of `staff`.
    """
    if (name is None) is not nobody or (name is not None and not name.strip()):
        raise click.UsageError("give a name, or --nobody", click.get_current_context())
    from maildaemon.services.by_hand import assign as put

    given = name.strip() if name else None
    _each(
        invocation,
        "assign",
        [reference],
        lambda tx, thread, by, now: put(tx, thread, given, by, now),
        as_json=as_json,
    )


@click.command("note", epilog=examples("maildaemon threads note K7F3-Q2 she called, parcel found"))
@reference_argument
@click.argument("words", metavar="TEXT...", nargs=-1, required=True)
@json_option
@click.pass_obj
def annotate(
    invocation: Invocation, *, reference: str, words: tuple[str, ...], as_json: bool
) -> None:
    """Keep a remark in the history of a matter.

    No customer sees it; `threads show` does. A history is never rewritten: to correct a note, write
    another one.
    """
    from maildaemon.services.by_hand import annotate as remark

    text = " ".join(words).strip()
    if not text:
        raise click.UsageError("give the text", click.get_current_context())
    _each(
        invocation,
        "note",
        [reference],
        lambda tx, thread, by, now: remark(tx, thread, text, by, now),
        as_json=as_json,
    )


@click.command(
    epilog=examples(
        "maildaemon threads merge M4XN-8P K7F3-Q2     M4XN-8P becomes part of K7F3-Q2",
        "maildaemon threads merge M4XN-8P --undo",
    )
)
@reference_argument
@click.argument("into", metavar="[INTO]", required=False)
@click.option("--undo", is_flag=True, help="Take the thread out again.")
@json_option
@click.pass_obj
def merge(
    invocation: Invocation, *, reference: str, into: str | None, undo: bool, as_json: bool
) -> None:
    """Put everything of one matter into another.

    Its mails, people and queued mails move to INTO, which is from then on what both references
    mean; the customer may go on using the old one. It is open if either of them was. If a person
    has answered in either, or INTO is muted, what is queued is cancelled. --undo gives back what
    was moved; what came since stays in INTO.
    """
    if (into is None) is not undo:
        raise click.UsageError(
            "give the thread to merge INTO, or --undo", click.get_current_context()
        )
    from maildaemon.services.by_hand import merge as unite
    from maildaemon.services.by_hand import split

    with _told(invocation) as (tx, by, now):
        source = tx.by_hand.thread(bare(reference))
        if source is None:
            raise nothing_like("thread", bare(reference), "maildaemon threads list")
        if undo:
            target = _merged_into(tx, source)
            deed = split(tx, source, target, by, now)
        else:
            target = _mergeable(source, find_thread(tx, into or ""))
            deed = unite(tx, source, target, by, now)
        lines = [line_of(tx, one.reference) for one in (source, target)]
    if as_json:
        did = "split" if undo else "merge"
        put_json(
            {
                "did": did,
                "changed": deed.changed,
                "cancelled": deed.cancelled,
                "thread": lines[0],
                "into": lines[1],
            }
        )
    elif undo:
        say(
            f"{source.reference} is a thread of its own again; what came since the merge stays in "
            f"{target.reference}"
        )
    else:
        gone = f"; queued mails cancelled: {deed.cancelled}" if deed.cancelled else ""
        say(f"{source.reference} is part of {target.reference} now{gone}")


def _mergeable(source: "ThreadState", target: "ThreadState") -> "ThreadState":
    """Return the target if the one can become part of the other."""
    if source.merged_into is not None:
        raise WrongRequestError(
            f"{source.reference} is part of {source.merged_into} already",
            f"take it out first: maildaemon threads merge {source.reference} --undo",
        )
    if source.thread_id == target.thread_id:
        raise WrongRequestError("a thread cannot become part of itself", "name two threads")
    if source.mailbox_id != target.mailbox_id:
        raise WrongRequestError(
            f"{source.reference} and {target.reference} belong to two mailboxes",
            "only threads of one mailbox can be merged; `threads note` can name the other one",
        )
    return target


def _merged_into(tx: "Transaction", source: "ThreadState") -> "ThreadState":
    target = tx.by_hand.thread(source.merged_into) if source.merged_into else None
    if target is None:
        raise WrongRequestError(
            f"{source.reference} is not part of another thread",
            f"see: maildaemon threads show {source.reference}",
        )
    return target


VERBS: tuple[click.Command, ...] = (
    *(resolve, reopen, working, merge, mute, assign),
    annotate,
)
