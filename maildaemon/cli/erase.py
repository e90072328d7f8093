"""`maildaemon person erase`: take somebody out of the records, and keep him out."""

import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import click

from maildaemon.cli.exits import WrongRequestError, user_name
from maildaemon.cli.invocation import Invocation
from maildaemon.cli.output import json_option, note, plain, put_json, say
from maildaemon.cli.owner import require_owner
from maildaemon.cli.teach import examples
from maildaemon.errors import MailboxRefusedError

if TYPE_CHECKING:
    from maildaemon.cli.erase_mailbox import Deletion
    from maildaemon.services.erase import Places, Plan
    from maildaemon.services.erase_mailbox import Copy
    from maildaemon.settings import Settings

    # None: the mailbox is not looked into.
    Copies = tuple[Copy, ...] | None

_MAILBOX_STAYS = "the mailbox itself: his mails lie there until somebody deletes them"
_UNWATCHED = (
    "folders of the mailbox that are not read (archive, trash, drafts): look there yourself"
)
_UNTIL = (
    "put right what keeps them there (the daemon looks up new numbers: maildaemon run --once)"
    ", and type the same once more; or delete them by hand, and erase without --in-mailbox"
)
_STAYS = (
    "backups: they hold him until they are thrown away; what is restored from one is erased anew",
    "the log: it names no words, but addresses as `service.log_addresses` says",
)
_COUNTED = {
    "messages": "messages",
    "files": "files",
    "mails": "automatic mails",
    "conversations": "conversations",
    "quotes": "messages of others, of which his words go and the rest stays",
}


@click.command(
    epilog=examples(
        "maildaemon person erase anna@example.net --dry-run",
        "maildaemon person erase anna@example.net anna@work.example",
        "maildaemon person erase anna@example.net --in-mailbox --dry-run",
    )
)
@click.argument("addresses", metavar="ADDRESS…", nargs=-1, required=True)
@click.option("--dry-run", is_flag=True, help="Only tell how much would go.")
@click.option("--in-mailbox", is_flag=True, help="Delete his mails in the mailbox itself as well.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@json_option
@click.pass_obj
def erase(
    invocation: Invocation,
    *,
    addresses: tuple[str, ...],
    dry_run: bool,
    in_mailbox: bool,
    yes: bool,
    as_json: bool,
) -> None:
    """Take a person out of the records, for good.

    His mails and those to him, their kept bytes and files, what was queued for him, and what others
    have quoted of him; conversations that are his alone as a whole. Rows without a word stay, so
    that counts and the history hold. What turns up again (by `backfill`, `audit`, `rebuild`, a
    restored backup) is erased again, by keyed marks in the file `erased` of the data folder. What
    he writes from now on is new. Give every address that he has written from.

    The mailbox itself is touched only with --in-mailbox: then the recorded mails between him and us
    are deleted there for good, and nothing else is. What others take part in is named, and stays.
    """
    settings = invocation.settings()
    wanted = _checked(addresses, settings)

    from maildaemon.adapters.clock import utc_now
    from maildaemon.bootstrap import our_addresses
    from maildaemon.services.erase import erase_person, plan_erasure
    from maildaemon.services.forget import forget_next, scrub

    if not dry_run:
        require_owner(
            settings.service.data_dir, "must be able to read whom to forget", "person erase"
        )
    with _places(settings) as places, _deleting(settings, places, wanted=in_mailbox) as deletion:
        plan = plan_erasure(places, wanted, our_addresses(settings))
        copies = deletion.look(plan) if deletion else None
        if dry_run:
            _require_something(plan)
            _tell(plan, copies, (), as_json=as_json, dry_run=True)
            _foresee(copies)
            return
        if deletion and copies:
            deletion.require_able(copies)
        _require_word(plan, copies, yes=yes)
        if deletion and copies:
            copies = deletion.delete(plan, copies)
            _require_settled(copies, as_json=as_json)
        stays = _stays(plan, in_mailbox=in_mailbox)
        shown, plan = plan, erase_person(places, plan, utc_now(), user_name())
        # What a death has left of an erasure, no record tells.
        forgotten = forget_next(places, utc_now)
        if not forgotten and plan.is_empty:
            _require_something(shown)
        left = scrub(places, utc_now())
    stays = (*stays, *([left] if left else ()), *_older_copies(settings))
    _tell(plan, copies, stays, as_json=as_json, dry_run=False)


def _stays(plan: "Plan", *, in_mailbox: bool) -> tuple[str, ...]:
    if not in_mailbox:
        return (_MAILBOX_STAYS, *_STAYS)
    unread = f"{len(plan.waiting)} mails of his in the mailbox that were not processed yet"
    return (_UNWATCHED, *([unread] if plan.waiting else ()), *_STAYS)


@contextmanager
def _deleting(
    settings: "Settings", places: "Places", *, wanted: bool
) -> Iterator["Deletion | None"]:
    """Give what deletes in the mailbox; None if that was not asked for."""
    if not wanted:
        yield None
        return
    from maildaemon.cli.erase_mailbox import deleting

    with deleting(settings, places) as deletion:
        yield deletion


def _foresee(copies: "Copies") -> None:
    from maildaemon.services.erase_mailbox import unsettled

    if left := unsettled(copies or ()):
        note(f"because of {len(left)} of them the records would stay: {_UNTIL}")


def _require_settled(copies: "Sequence[Copy]", *, as_json: bool) -> None:
    """Stop before the records while they alone name what lies in the mailbox still."""
    from maildaemon.services.erase_mailbox import unsettled

    if left := unsettled(copies):
        if not as_json:
            _put_copies(tuple(copies), "deleted")
        raise MailboxRefusedError(
            f"{len(left)} of the mails may lie in the mailbox still; the records stay, as they"
            " alone name them",
            advice=_UNTIL,
        )


def _require_something(plan: "Plan") -> None:
    if plan.is_empty:
        raise WrongRequestError(
            f"nothing is kept of {', '.join(plan.personal.addresses)}",
            "see who has written: maildaemon threads list",
        )


def _checked(addresses: tuple[str, ...], settings: "Settings") -> tuple[str, ...]:
    from maildaemon.bootstrap import our_addresses

    ours = our_addresses(settings)
    for one in addresses:
        if "@" not in one:
            raise WrongRequestError(f"`{one}` is no address", "give one like anna@example.net")
        if one.strip().lower() in ours:
            raise WrongRequestError(
                f"{one} is an address of ours, or a colleague's",
                "take it out of the configuration first, if it is a person's who has left",
            )
    return addresses


@contextmanager
def _places(settings: "Settings") -> Iterator["Places"]:
    """Open what holds something of people; a daemon may work beside it."""
    from maildaemon.adapters.sql.reading import open_existing
    from maildaemon.bootstrap import find_places

    store = open_existing(settings.database.url)
    try:
        yield find_places(settings, store)
    finally:
        store.close()


def _require_word(plan: "Plan", copies: "Copies", *, yes: bool) -> None:
    if yes:
        return
    if not sys.stdin.isatty():
        raise WrongRequestError(
            "nobody can be asked, for this is no terminal", "look with --dry-run, then give --yes"
        )
    _put_counts(plan, "erase")
    _put_copies(copies, "delete")
    click.confirm("This cannot be undone. Erase it?", abort=True, err=True)


def _tell(
    plan: "Plan", copies: "Copies", stays: tuple[str, ...], *, as_json: bool, dry_run: bool
) -> None:
    if as_json:
        addresses = plan.personal.addresses
        told = {"addresses": addresses, "dry_run": dry_run, **plan.counts, "stays": stays}
        put_json({**told, "in_mailbox": copies})
        return
    _put_counts(plan, "would erase" if dry_run else "erased")
    _put_copies(copies, "would delete" if dry_run else "deleted")
    if stays:
        say("what this does not reach:")
        for one in stays:
            say(f"  {one}")
    elif dry_run:
        note("nothing was changed")


def _put_counts(plan: "Plan", verb: str) -> None:
    say(f"{verb} of {', '.join(plan.personal.addresses)}:")
    for name, words in _COUNTED.items():
        say(f"  {plan.counts[name]} {words}")


def _put_copies(copies: "Copies", verb: str) -> None:
    """Name each message in the mailbox, those that go first."""
    if copies is None:
        return
    goes, stays = ([one for one in copies if (one.why_not is None) is go] for go in (True, False))
    say(f"{verb} in the mailbox: {len(goes)} messages")
    for one in goes:
        say(f"  {_place(one)}")
    if stays:
        say(f"not deleted in the mailbox: {len(stays)} messages")
        for one in stays:
            say(f"  {_place(one)}: {plain(one.why_not or '')}")


def _place(one: "Copy") -> str:
    at = one.received_at.astimezone()
    where = f"{plain(one.mailbox)}, {plain(one.folder)}, UID {one.uid}"
    return f"{where}, {at:%Y-%m-%d %H:%M}, <{plain(one.message_id)}>"


def _older_copies(settings: "Settings") -> Iterator[str]:
    """Yield databases that `rebuild --force` has put aside: they hold him still."""
    from maildaemon.adapters.sql.reading import sqlite_path

    path = sqlite_path(settings.database.url)
    if path is None:
        return
    current = {path.name, *(path.name + end for end in ("-wal", "-shm", ".lock"))}
    for one in sorted(Path(path.parent).glob(f"{path.name}*")):
        if one.name not in current:
            yield f"{one}: a database that was put aside; delete it"
