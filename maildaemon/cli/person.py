"""`maildaemon person`: what is kept of a person."""

import zipfile
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from maildaemon.cli.erase import erase
from maildaemon.cli.exits import WrongRequestError, user_name
from maildaemon.cli.invocation import Invocation
from maildaemon.cli.new_file import new_file, safe_name
from maildaemon.cli.output import json_option, note, put_json, say
from maildaemon.cli.records import writing
from maildaemon.cli.teach import examples
from maildaemon.cli.verbs import Verbs

if TYPE_CHECKING:
    from maildaemon.domain.person import Personal
    from maildaemon.settings import Settings


@click.group(
    cls=Verbs,
    epilog=examples(
        "maildaemon person export anna@example.net --output anna.zip",
        "maildaemon person erase anna@example.net --dry-run",
    ),
)
def person() -> None:
    """Answer who asks what is kept of him, or to be forgotten.

    What is looked at are the records, the kept bytes and files. The mailbox itself holds his mails
    too.
    """


person.add_command(erase)


@person.command(
    epilog=examples(
        "maildaemon person export anna@example.net --output anna.zip",
        "maildaemon person export anna@example.net anna@work.example -o anna.zip",
    )
)
@click.argument("addresses", metavar="ADDRESS…", nargs=-1, required=True)
@click.option(
    "-o",
    "--output",
    "path",
    required=True,
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE",
    help="The zip to write; it must not exist yet, and only you will be able to read it (0600).",
)
@json_option
@click.pass_obj
def export(
    invocation: Invocation, *, addresses: tuple[str, ...], path: Path, as_json: bool
) -> None:
    """Write all that is kept of a person into one zip.

    To be read, and for programs: his mails and those to him, byte by byte, the conversations that
    are his alone as a whole, with their files, history, timers and automatic mails. Give every
    address that he has written from. README.txt in it tells what it holds, and what to look at
    before it is handed out. That it was made is noted in the history.
    """
    for one in addresses:
        if "@" not in one:
            raise WrongRequestError(f"`{one}` is no address", "give one like anna@example.net")
    found = _read(invocation, addresses)
    if not found.is_known:
        raise WrongRequestError(
            f"nothing is kept of {', '.join(found.addresses)}",
            "see who has written: maildaemon threads list",
        )
    _write(invocation.settings(), found, path)
    # Who asked is not named once more.
    messages = len(found.of("message"))
    with writing(invocation) as tx:
        for mailbox_id in sorted(found.mailboxes):
            tx.records.note(
                mailbox_id, "person_exported", _now(), by=user_name(), messages=messages
            )
    if as_json:
        put_json(
            {
                "file": str(path.absolute()),
                "addresses": found.addresses,
                "others": sorted(found.others),
                "mentioned_in": found.mentioned,
                "rows": {table: len(rows) for table, rows in found.rows.items()},
            }
        )
        return
    say(str(path))
    if found.others:
        note(f"{len(found.others)} of the mails are between others: look into README.txt first")


def _read(invocation: Invocation, addresses: tuple[str, ...]) -> "Personal":
    """Look for all that there is; the daemon may write meanwhile."""
    from maildaemon.adapters.sql.reading import open_reading

    store = open_reading(invocation.settings().database.url)
    try:
        with store.read() as tx:
            return tx.persons.read(addresses)
    finally:
        store.close()


def _now() -> datetime:
    from maildaemon.adapters.clock import utc_now

    return utc_now()


def _write(settings: "Settings", found: "Personal", path: Path) -> None:
    from maildaemon.bootstrap import file_blobs, raw_blobs
    from maildaemon.services.person import pages

    raw, files = raw_blobs(settings), file_blobs(settings)
    with new_file(path) as file, zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as zipped:
        for name, content in pages(found, raw, files, safe_name, _now()):
            zipped.writestr(name, content)
