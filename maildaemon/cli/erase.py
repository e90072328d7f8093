"""`maildaemon person erase`: take somebody out of the records, and keep him out."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import click

from maildaemon.cli.exits import WrongRequestError, user_name
from maildaemon.cli.invocation import Invocation
from maildaemon.cli.output import json_option, note, put_json, say
from maildaemon.cli.owner import require_owner
from maildaemon.cli.teach import examples

if TYPE_CHECKING:
    from maildaemon.services.erase import Places, Plan
    from maildaemon.settings import Settings

_STAYS = (
    "the mailbox itself: his mails lie there until somebody deletes them",
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
    )
)
@click.argument("addresses", metavar="ADDRESS…", nargs=-1, required=True)
@click.option("--dry-run", is_flag=True, help="Only tell how much would go.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@json_option
@click.pass_obj
def erase(
    invocation: Invocation,
    *,
    addresses: tuple[str, ...],
    dry_run: bool,
    yes: bool,
    as_json: bool,
) -> None:
    """Take a person out of the records, for good.

    His mails and those to him, their kept bytes and files, what was queued for him, and what others
    have quoted of him; conversations that are his alone as a whole. Rows without a word stay, so
    that counts and the history hold. What turns up again (by `backfill`, `audit`, `rebuild`, a
    restored backup) is erased again, by keyed marks in the file `erased` of the data folder. What
    he writes from now on is new. Give every address that he has written from. The mailbox itself is
    not touched.
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
    with _places(settings) as places:
        plan = plan_erasure(places, wanted, our_addresses(settings))
        if dry_run:
            _require_something(plan)
            _tell(plan, (), as_json=as_json, dry_run=True)
            return
        _require_word(plan, yes=yes)
        shown, plan = plan, erase_person(places, plan, utc_now(), user_name())
        # What a death has left of an erasure, no record tells.
        forgotten = forget_next(places, utc_now)
        if not forgotten and plan.is_empty:
            _require_something(shown)
        left = scrub(places, utc_now())
    stays = (*_STAYS, *([left] if left else ()), *_older_copies(settings))
    _tell(plan, stays, as_json=as_json, dry_run=False)


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


def _require_word(plan: "Plan", *, yes: bool) -> None:
    if yes:
        return
    if not sys.stdin.isatty():
        raise WrongRequestError(
            "nobody can be asked, for this is no terminal", "look with --dry-run, then give --yes"
        )
    _put_counts(plan, "erase")
    click.confirm("This cannot be undone. Erase it?", abort=True, err=True)


def _tell(plan: "Plan", stays: tuple[str, ...], *, as_json: bool, dry_run: bool) -> None:
    if as_json:
        addresses = plan.personal.addresses
        put_json({"addresses": addresses, "dry_run": dry_run, **plan.counts, "stays": stays})
        return
    _put_counts(plan, "would erase" if dry_run else "erased")
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
